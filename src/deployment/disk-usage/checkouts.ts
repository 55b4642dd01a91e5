import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { directoryBytes, diskBytes } from '../../linux/disk-usage.ts';
import { listDirectory } from '../../linux/list-directory.ts';
import { readMountTable } from '../../linux/mount-table.ts';
import type { Paths } from '../../paths.ts';
import type { ImageUse } from '../images-in-use.ts';

/** The checkouts of a system, and what they take beside the files of the store that they link to. */
export class Checkouts {
  /** The layers of each, by where it is. */
  readonly #layers: ReadonlyMap<string, string>;
  /** Of checkouts with these layers: they have the same directories. */
  readonly #bytes = new Map<string, number>();
  readonly #others: readonly string[];
  /** Where a running scan sees what lies elsewhere. */
  readonly #views: ReadonlySet<string>;
  readonly #device: number | undefined;

  constructor({ store, mounts, runs }: Paths, uses: readonly ImageUse[]) {
    this.#layers = new Map(
      uses.flatMap(({ deployment, parts }) =>
        deployment === undefined ? [] : [[deployment.checkout, parts?.diffIds.join() ?? '']],
      ),
    );
    this.#others = [mounts, runs];
    this.#views = new Set(this.#others.flatMap(mountPointsBelow));
    this.#device = deviceOf(store);
  }

  /** How many deployments have one. */
  get deployments(): number {
    return this.#layers.size;
  }

  /** Bytes on the disk of a path with all below it, but for files that checkouts have from the store. */
  bytesBeside(path: string): number {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (this.#views.has(path)) return 0;
    if (!stat?.isDirectory()) return diskBytes(path);
    if (this.#isCheckout(path)) return this.#bytesOf(path);
    // Scans and runs hold no lock: what is theirs may go meanwhile.
    const inside = listDirectory(path).map((name) => this.bytesBeside(join(path, name)));
    return inside.reduce((sum, bytes) => sum + bytes, stat.blocks * 512);
  }

  #isCheckout(path: string): boolean {
    const isOther = basename(path) === 'rootfs' && this.#others.includes(dirname(dirname(path)));
    return isOther || this.#layers.has(path);
  }

  #bytesOf(checkout: string): number {
    // What is on another file system is no link.
    if (deviceOf(checkout) !== this.#device) return diskBytes(checkout);
    const layers = this.#layers.get(checkout) ?? checkout;
    const bytes = this.#bytes.get(layers) ?? directoryBytes(checkout);
    this.#bytes.set(layers, bytes);
    return bytes;
  }
}

/** As paths below this directory, which may be behind a symlink. */
function mountPointsBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const real = `${realpathSync(directory)}/`;
  return readMountTable().flatMap(({ mountPoint }) =>
    mountPoint.startsWith(real) ? join(directory, mountPoint.slice(real.length)) : [],
  );
}

function deviceOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.dev;
}
