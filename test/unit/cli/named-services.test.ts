import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { namedService, namedServices } from '../../../src/cli/named-services.ts';
import { Paths } from '../../../src/paths.ts';

test('the name of its unit names a service, too, and no other unit does', async (test) => {
  const root = await mkdtemp(join(tmpdir(), 'berth-named-'));
  test.after(() => rm(root, { recursive: true }));
  const paths = new Paths(root);
  await mkdir(join(root, 'var/lib/berth/deployments/web'), { recursive: true });

  await mkdir(join(root, 'var/lib/berth/deployments/z@a'));
  await mkdir(join(root, 'var/lib/berth/deployments/z@b'));
  assert.throws(() => namedServices(['z'], paths), {
    code: 'service-not-found',
    hint: 'its instances are z@a z@b',
  });
  assert.throws(() => namedServices(['y'], paths), { code: 'service-not-found', hint: 'berth list' });
  assert.deepEqual(namedServices(['web', 'web.service'], paths), ['web']);
  assert.equal(namedService('web@a.service'), 'web@a');
  assert.throws(() => namedServices(['web.socket'], paths), { code: 'service-name-invalid' });
});
