import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform } from '../../../../src/image/platform.ts';
import { LockedSource } from '../../../../src/provision/lock/locked-source.ts';
import { parseDigest } from '../../../../src/reference/digest.ts';
import { scratch } from '../../layer/scratch.ts';
import { FakeRegistry } from '../../transport/fake-registry.ts';
import { resolveSource } from '../../transport/resolve-source.ts';
import { describe, layoutFiles, MANIFEST_BYTES, open, writeFiles } from '../../transport/sample-image.ts';

const OTHER = parseDigest(`sha256:${'0'.repeat(64)}`);

test('an image is the one of the lock though its tag moved, and keeps its name', async () => {
  await using registry = await FakeRegistry.start();
  const { os, architecture } = hostPlatform();
  const put = (command: string) =>
    registry.addImage('web', '1', { os, architecture, config: { Cmd: [command] } }).manifest.digest;
  const digest = put('old');
  put('new');
  const source = new LockedSource(open(`${registry.host}/web:1@${digest}`), digest);
  assert.equal((await resolveSource(source, hostPlatform())).descriptor.digest, digest);
  assert.equal(source.name, `${registry.host}/web:1`);
  await source.close();
});

test('an image of a file that was exchanged is refused', async (context) => {
  const layout = writeFiles(scratch(context), layoutFiles('web'));
  const { digest } = describe('', MANIFEST_BYTES);
  const asked = `oci:${layout}:web`;
  assert.equal((await new LockedSource(open(asked), digest).top()).descriptor.digest, digest);
  await assert.rejects(new LockedSource(open(asked), OTHER).top(), {
    code: 'digest-mismatch',
    hint: 'berth lock',
  });
});
