import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../errors.ts';
import { checkLimit, type Limits } from '../../image/limits.ts';
import { fileSystemError } from '../../linux/file-system.ts';

// Archives are large, and /tmp is memory on many hosts.
const DIRECTORY = '/var/tmp';

/** Bytes of the file system that stay free, and how often that is looked at. */
const RESERVE = 64 << 20;
const LOOK_EVERY = 16 << 20;

/**
 * Writes bytes into a file without a name, which is gone when it is closed or the process ends, however
 * it ends. `what` reads "cannot decompress FILE". Throws `no-space` before the file system is full,
 * `limit-exceeded`, `io`, and what the input throws.
 */
export async function spool(
  input: AsyncIterable<Uint8Array>,
  { limits, what, signal }: { limits: Limits; what: string; signal: AbortSignal },
): Promise<FileHandle> {
  const handle = await openNameless(what);
  try {
    let written = 0;
    let look = 0;
    for await (const chunk of input) {
      signal.throwIfAborted();
      written += chunk.length;
      checkLimit(limits, 'imageBytes', written, `${what}: size`);
      if (written >= look) {
        await requireReserve(what);
        look = written + LOOK_EVERY;
      }
      await handle.writeFile(chunk);
    }
    return handle;
  } catch (error) {
    await handle.close();
    if (signal.aborted) throw error;
    throw fileSystemError(error, what, DIRECTORY);
  }
}

async function openNameless(what: string): Promise<FileHandle> {
  const path = join(DIRECTORY, `berth-${randomUUID()}`);
  try {
    const handle = await open(path, 'wx+', 0o600);
    await rm(path);
    return handle;
  } catch (error) {
    throw fileSystemError(error, what, DIRECTORY);
  }
}

async function requireReserve(what: string): Promise<void> {
  const { bavail, bsize } = await statfs(DIRECTORY);
  if (bavail * bsize > RESERVE) return;
  throw new BerthError('no-space', `${what}: ${DIRECTORY}: less than ${RESERVE >> 20} MiB are left`, {
    hint: `df -h ${DIRECTORY}`,
  });
}
