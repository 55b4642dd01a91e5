import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { decompress } from '../../src/image/compression/decompress.ts';
import { DEFAULT_LIMITS } from '../../src/image/limits.ts';
import type { Compression } from '../../src/image/media-type.ts';
import { pieces } from './pieces.ts';

/** The SHA-256 of what berth decompresses. */
export async function readAll(compression: Compression, bytes: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of decompress(compression, pieces(bytes), DEFAULT_LIMITS)) hash.update(chunk);
  return hash.digest('hex');
}

/** Throws when the host's program makes something else of a stream; false when it refuses it. */
export async function compareWithProgram(
  compression: Compression,
  bytes: Buffer,
  program: string,
): Promise<boolean> {
  const { status, stdout } = spawnSync(program, ['--decompress', '--stdout'], {
    input: bytes,
    maxBuffer: 1 << 28,
  });
  if (status !== 0) return false;
  const theirs = createHash('sha256').update(stdout).digest('hex');
  assert.equal(await readAll(compression, bytes), theirs, `${program} makes something else of it`);
  return true;
}
