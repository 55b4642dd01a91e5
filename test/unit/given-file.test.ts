import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readGivenFile } from '../../src/given-file.ts';
import { makeFifo } from '../../src/linux/node.ts';
import { scratch } from './layer/scratch.ts';

const MOST = Buffer.alloc(1024 * 1024, 'x');

function makePipe(context: TestContext): string {
  const pipe = join(scratch(context), 'pipe');
  makeFifo(pipe, 0o600);
  return pipe;
}

describe('a file that the command line names', () => {
  it('is read to its end when it is a pipe, whoever opens it first', async (context) => {
    const pipe = makePipe(context);
    const [read] = await Promise.all([readGivenFile(pipe), writeFile(pipe, MOST)]);
    assert.deepEqual(read, MOST);
  });

  it('is not waited for any longer when the command is interrupted', async (context) => {
    const abort = new AbortController();
    const reading = readGivenFile(makePipe(context), abort.signal);
    setImmediate(() => abort.abort());
    await assert.rejects(reading, { code: 'interrupted' });
    await assert.rejects(readGivenFile(makePipe(context), abort.signal), { code: 'interrupted' });
  });

  it('has at most 1 MiB, whatever it is', async (context) => {
    const larger = Buffer.concat([MOST, Buffer.from('x')]);
    const file = join(scratch(context), 'file');
    writeFileSync(file, MOST);
    assert.deepEqual(await readGivenFile(file), MOST);
    writeFileSync(file, larger);
    await assert.rejects(readGivenFile(file), { code: 'EFBIG', message: /larger than 1 MiB/ });
    const pipe = makePipe(context);
    const writing = writeFile(pipe, larger).catch(() => undefined);
    await assert.rejects(readGivenFile(pipe), { code: 'EFBIG', message: /larger than 1 MiB/ });
    await writing;
  });

  it('is no device and no directory', async (context) => {
    await assert.rejects(readGivenFile('/dev/zero'), { code: 'EINVAL' });
    await assert.rejects(readGivenFile(scratch(context)), { code: 'EISDIR' });
  });
});
