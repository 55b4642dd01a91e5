import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { NO_DEPENDENCIES } from '../../../../src/deployment/dependencies.ts';
import { Paths } from '../../../../src/paths.ts';
import {
  type Applied,
  fingerprintOf,
  readApplied,
  writeApplied,
} from '../../../../src/provision/apply/applied.ts';
import type { DeclaredService } from '../../../../src/provision/declared-service.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';

const WEB: DeclaredService = {
  name: parseServiceName('web'),
  image: 'registry.example/web',
  values: { PORT: '80' },
  ...{ enabled: true, started: true, sockets: null, update: 'apply' },
  dependencies: { ...NO_DEPENDENCIES },
  mounts: [],
  resources: {},
  position: { file: 'host.yaml', line: 1, column: 1 },
};

function fingerprint(service: Partial<DeclaredService>, lock: unknown = null): string {
  return fingerprintOf({ services: [{ ...WEB, ...service }], bundled: null, lock });
}

test('a fingerprint is of what is declared, not of where', () => {
  const before = fingerprint({});
  assert.equal(fingerprint({ position: { file: 'other.yaml', line: 9, column: 2 } }), before);
  assert.notEqual(fingerprint({ values: { PORT: '81' } }), before);
  assert.notEqual(fingerprint({}, [['registry.example/web', 'sha256:0']]), before);
});

test('what was left is read again; where nothing was, nothing was applied', (context) => {
  const paths = new Paths(scratch(context));
  mkdirSync(paths.state, { recursive: true });
  assert.equal(readApplied(paths).fingerprint, null);
  const applied: Applied = { version: 1, fingerprint: 'f', update: { web: 'pinned' }, locked: {} };
  writeApplied(paths, applied);
  assert.deepEqual(readApplied(paths), applied);
});

test('what cannot be read is told, with what mends it', (context) => {
  const paths = new Paths(scratch(context));
  mkdirSync(paths.state, { recursive: true });
  for (const text of ['', '{"version": 2}']) {
    writeFileSync(paths.applied, text);
    assert.throws(() => readApplied(paths), { code: 'deployment-damaged', hint: /^rm / });
  }
});
