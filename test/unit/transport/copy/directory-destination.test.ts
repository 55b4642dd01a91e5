import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { digestOf } from '../../../../src/image/descriptor.ts';
import { DirectoryDestination } from '../../../../src/transport/dir/directory-destination.ts';
import { scratch } from '../../layer/scratch.ts';

test('what is begun in somebody else’s directory goes on where it was, whatever takes its name', async (context) => {
  const root = scratch(context);
  const begun = `${root}/web.berth-new`;
  mkdirSync(`${root}/elsewhere`);
  const destination = new DirectoryDestination({ kind: 'dir', path: `${root}/web` });
  const put = async (text: string) => {
    const bytes = Buffer.from(text);
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length };
    const read = async function* () {
      yield bytes;
    };
    await destination.putBlob({ descriptor, read }, AbortSignal.timeout(10_000));
  };
  await put('one');
  renameSync(begun, `${root}/moved`);
  symlinkSync(`${root}/elsewhere`, begun);
  await put('two');
  await destination.close();
  assert.deepEqual(readdirSync(`${root}/elsewhere`), []);
  assert.equal(readdirSync(`${root}/moved`).length, 2);
});
