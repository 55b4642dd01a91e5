import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fittingLock } from '../../../../src/provision/lock/host-lock.ts';
import { parseDigest } from '../../../../src/reference/digest.ts';
import { ScratchHost } from '../scratch-host.ts';

const DIGEST = parseDigest(`sha256:${'0'.repeat(64)}`);

test('a lock fits what is declared when it has the same images, and no others', async () => {
  const text = 'version: 1\nservices: {a: {image: a}, b: {image: b}, c: {image: a, enabled: false}}\n';
  using host = new ScratchHost({ 'host.yaml': text });
  const { services, lockFile = '' } = await host.read();
  const lockOf = (...images: string[]) => new Map(images.map((image) => [image, DIGEST]));
  const fitting = lockOf('b', 'a');
  assert.equal(fittingLock(fitting, services, lockFile), fitting);
  for (const [lock, cause] of [
    [undefined, /host\.lock: no such file$/],
    [lockOf('a'), /host\.lock: it has no digest for "b" \(.*host\.yaml:2\)$/],
    [lockOf('a', 'b', 'c'), /host\.lock: nothing declares "c" any more$/],
  ] as const) {
    assert.throws(() => fittingLock(lock, services, lockFile), {
      code: 'host-lock-outdated',
      message: cause,
    });
  }
});
