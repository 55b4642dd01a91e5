import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DeploymentRecord } from '../../../../src/deployment/record.ts';
import { DEFAULT_LIMITS } from '../../../../src/image/limits.ts';
import { Paths } from '../../../../src/paths.ts';
import { exportServices } from '../../../../src/provision/export/export-services.ts';
import { exportedService } from '../../../../src/provision/export/exported-service.ts';
import { openExport } from '../../../../src/provision/export/open-export.ts';
import { Store } from '../../../../src/store/store.ts';
import { scratch } from '../../layer/scratch.ts';
import { layoutFiles, tarOf } from '../../transport/sample-image.ts';

const HEX = '0123456789abcdef'.repeat(4);
const STORE = new Store('/nowhere');
const KEPT = { enabled: true, started: true, update: 'auto' } as const;

/** As much of a record as an export reads. */
function record(name: string, more: object = {}, digest = `sha256:${HEX}`): DeploymentRecord {
  const none = { requires: [], after: [], before: [] };
  return {
    service: name,
    image: { name: 'registry.example/web:1', manifestDigest: digest },
    userValues: { A: '1' },
    dependencies: { image: none, user: none },
    sockets: null,
    ...more,
  } as unknown as DeploymentRecord;
}

test('an image that was named by its digest is named by a tag, for it is packed anew', () => {
  const named = (name: string) => {
    const { service } = exportedService(
      record('web', { image: { name, manifestDigest: `sha256:${HEX}` } }),
      KEPT,
      STORE,
    );
    return [service.image, service.update];
  };
  assert.deepEqual(named('registry.example/web:1'), ['registry.example/web:1', 'auto']);
  assert.deepEqual(named('oci-archive:/srv/web.tar:web'), ['oci-archive:/srv/web.tar:web', 'auto']);
  for (const name of [`registry.example/web@sha256:${HEX}`, `registry.example/web:1@sha256:${HEX}`]) {
    assert.deepEqual(named(name), [`registry.example/web:sha256-${HEX}`, 'pinned']);
  }
});

test('a service without an image cannot be exported, nor can two with different images of one name', async (context) => {
  const rootfs = { named: '/srv/root', directory: '/srv/root', command: [] };
  assert.throws(() => exportedService(record('web', { rootfs }), KEPT, STORE), { code: 'image-not-found' });
  const services = [record('a'), record('b', {}, `sha256:${HEX.replace('0', '1')}`)];
  const path = join(scratch(context), 'x.tar');
  const options = { signal: new AbortController().signal, onProgress: () => {} };
  await assert.rejects(
    exportServices(
      path,
      services.map((each) => exportedService(each, KEPT, STORE)),

      options,
    ),
    { code: 'usage', message: /^cannot export a and b together/ },
  );
});

test('the host.yaml of a bundle reads no variables of the host, and no files', async (context) => {
  const directory = scratch(context);
  const open = async (host: string) => {
    const path = join(directory, 'x.tar');
    writeFileSync(
      path,
      tarOf({ ...layoutFiles('registry.example/web:1'), 'host.yaml': `version: 1\n${host}` }),
    );
    const { bundle, services } = await openExport(path, new Paths(directory), {
      limits: DEFAULT_LIMITS,
      signal: new AbortController().signal,
    });
    await bundle.close();
    return services.map(({ name, image }) => [name, image]);
  };
  assert.deepEqual(await open('services: { web: { image: registry.example/web:1 } }\n'), [
    ['web', 'registry.example/web:1'],
  ]);
  await assert.rejects(open(`environment: [PATH]\nservices: { web: { image: "\${PATH}" } }\n`), {
    code: 'host-invalid',
    message: /x\.tar:host\.yaml:3:\d+: .*PATH is not set/,
  });
  await assert.rejects(open('include: [../../etc/*]\nservices: {}\n'), { code: 'host-invalid' });
});
