import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageVolumes } from '../../../src/runtime/volumes.ts';
import { parseServiceName } from '../../../src/service-name.ts';

const web = parseServiceName('web');

test('a volume is kept below the state directory under its own path', () => {
  assert.deepEqual(imageVolumes(web, ['/srv/b/', '/srv/a', '/srv//a']), [
    { destination: '/srv/a', source: '/var/lib/web/srv/a' },
    { destination: '/srv/b', source: '/var/lib/web/srv/b' },
  ]);
});

// The service's root could put /data/a -> / there, and be given the host's /etc at its next start.
test('no volume has its source in a place that the service can write', () => {
  const destinations = imageVolumes(web, ['/data/a/etc', '/data', '/data-2', '/data/b', '/database']).map(
    ({ destination }) => destination,
  );
  assert.deepEqual(destinations, ['/data', '/data-2', '/database']);
});

test('so many volumes that looking them up takes minutes are refused', () => {
  const volumes = Array.from({ length: 300_000 }, (_, index) => `/${index}`);
  assert.throws(() => imageVolumes(web, volumes), { code: 'limit-exceeded' });
});

test('a service that is called like a part of the system gets no volume in the state of that', () => {
  const dpkg = parseServiceName('dpkg');
  assert.throws(() => imageVolumes(dpkg, ['/info']), { code: 'image-config-invalid', hint: /--name/ });
  assert.deepEqual(imageVolumes(dpkg, []), []);
});
