import type { Digest } from '../image/digest.ts';
import { formatBytes } from './bytes.ts';
import { formatSpan } from './moment.ts';
import type { Output } from './output.ts';
import { shortDigest } from './short-digest.ts';

/** Milliseconds between two drawings: bytes come in far more pieces than anybody can see. */
const INTERVAL = 100;

/** Characters of a bar, at most. */
const LONGEST_BAR = 24;

interface Blob {
  name: string;
  done: number;
  size: number;
  /** Milliseconds, of `performance.now`. */
  began: number;
}

/** How far a transfer of several blobs is: on a terminal a line for each that is on its way, and one for all. */
export class Transfer {
  readonly #output: Output;
  readonly #blobs = new Map<Digest, Blob>();
  #all: Blob = { name: '', done: 0, size: 0, began: 0 };
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  /** A transfer of so many bytes begins. */
  begin(size: number): void {
    this.#blobs.clear();
    this.#all = { name: 'total', done: 0, size, began: performance.now() };
  }

  /** So many of the `size` bytes of a blob have come. */
  advance(digest: Digest, done: number, size: number): void {
    const now = performance.now();
    const blob = this.#blobs.get(digest) ?? { name: shortDigest(digest), done: 0, size, began: now };
    this.#all.done += done - blob.done;
    this.#blobs.set(digest, { ...blob, done });
    if (now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    const coming = [...this.#blobs.values()].filter((each) => each.done < each.size);
    const lines = this.#all.size > size ? [...coming, this.#all] : coming;
    this.#output.transient(lines.map((each) => describe(each, now, this.#output.columns)).join('\n'));
  }
}

/** Such as "3f2a1b0c9d8e  ━━━━────  47 %  12.3 MB of 26.1 MB  8.1 MB/s  2 s left". */
function describe({ name, done, size, began }: Blob, now: number, columns: number): string {
  const rate = done / Math.max(0.1, (now - began) / 1000);
  const share = size === 0 ? 1 : done / size;
  const facts = [
    `${Math.floor(share * 100)} %`.padStart(5),
    `${formatBytes(done)} of ${formatBytes(size)}`.padEnd(18),
    `${formatBytes(rate)}/s`.padEnd(9),
    `${formatSpan(((size - done) / Math.max(1, rate)) * 1000)} left`,
  ].join('  ');
  const head = name.padEnd(12);
  const room = Math.min(LONGEST_BAR, columns - head.length - facts.length - 4);
  return [head, ...(room < 4 ? [] : [drawBar(share, room)]), facts].join('  ');
}

function drawBar(share: number, width: number): string {
  const filled = Math.round(share * width);
  return '━'.repeat(filled) + '─'.repeat(width - filled);
}
