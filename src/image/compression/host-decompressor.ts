import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { BerthError } from '../../errors.ts';
import { findProgram } from '../../linux/find-program.ts';
import { invalid, printable } from '../layer-problem.ts';
import { checkLimit, type Limits } from '../limits.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const DIRECTORIES = ['/usr/bin', '/bin'];
const NOBODY = 65534;
const COMPLAINT_BYTES = 1000;

/**
 * Decompresses with the host's bzip2 or xz, which Node does not have and old docker archives use. What
 * it reads is hostile, so it runs as nobody, with nothing but the bytes. It is gone when this ends,
 * however it ends. Throws `layer-invalid`, `limit-exceeded`, `media-type-unsupported` without the
 * program, and what the input throws.
 */
export async function* decompressByProgram(
  name: 'bzip2' | 'xz',
  input: AsyncIterable<Uint8Array>,
  limits: Limits,
): AsyncGenerator<Buffer> {
  const child = start(name, limits);
  const closed = once(child, 'close');
  const complaint = collect(child.stderr);
  const feeding = feed(child.stdin, input);
  // Awaited below; until then no failure may count as unhandled. Without input it would wait for ever.
  for (const pending of [closed, complaint, feeding]) pending.catch(() => child.kill('SIGKILL'));
  try {
    yield* child.stdout;
    // Who ends first says why: the input, or a program that waits for no more of it.
    await Promise.race([feeding, closed]);
    const [status] = await closed;
    // bzip2 only warns of bytes after the end.
    if (status !== 0 || (await complaint) !== '') throw failure(name, await complaint, limits);
    if (!(await feeding)) throw invalid(`${name}: bytes after the end`);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

function start(name: 'bzip2' | 'xz', limits: Limits): Child {
  const program = findProgram(name, DIRECTORIES);
  if (program === undefined) {
    throw new BerthError(
      'media-type-unsupported',
      `cannot decompress: ${name}: not in ${DIRECTORIES.join(', ')}`,
      { hint: `install ${name}` },
    );
  }
  const memory = ['--format=xz', '--threads=1', `--memlimit-decompress=${limits.xzMemoryBytes}`];
  return spawn(program, ['--decompress', '--stdout', ...(name === 'xz' ? memory : [])], {
    cwd: '/',
    // Messages are read, and XZ_OPT would add options.
    env: { LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
}

/** False when the program did not take all; it says why by its status. A chunk is valid until the next is asked for. */
async function feed(stdin: Writable, input: AsyncIterable<Uint8Array>): Promise<boolean> {
  let broken = false;
  stdin.on('error', () => {
    broken = true;
  });
  for await (const chunk of input) {
    await new Promise<void>((resolve) => stdin.write(chunk, () => resolve()));
    if (broken) return false;
  }
  stdin.end();
  return true;
}

async function collect(stderr: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stderr) if (text.length < COMPLAINT_BYTES) text += String(chunk);
  return text.trim().slice(0, COMPLAINT_BYTES);
}

function failure(name: string, complaint: string, limits: Limits): BerthError {
  if (name === 'xz' && complaint.includes('Memory usage limit reached')) {
    checkLimit(limits, 'xzMemoryBytes', Number.POSITIVE_INFINITY, 'memory for xz');
  }
  return invalid(`${name}: ${printable(complaint)}`);
}
