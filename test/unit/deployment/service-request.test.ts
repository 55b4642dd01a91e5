import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameRequest, NO_REQUEST, type ServiceRequest } from '../../../src/deployment/service-request.ts';

const MOUNT = { source: '/srv', destination: '/data', readOnly: false };
const REQUEST: ServiceRequest = {
  ...NO_REQUEST,
  settings: new Map([
    ['A', '1'],
    ['B', '2'],
  ]),
  mounts: [MOUNT],
  resources: { CPUWeight: '50', MemoryMax: '1G' },
};

test('a request is the same however its values are ordered', () => {
  const other = {
    ...REQUEST,
    settings: new Map([...REQUEST.settings].reverse()),
    resources: { MemoryMax: '1G', CPUWeight: '50' },
  };
  assert.equal(isSameRequest(REQUEST, other), true);
});

test('each part of a request makes it another', () => {
  const changes: Partial<ServiceRequest>[] = [
    { settings: new Map([['A', '1']]) },
    { mounts: [{ ...MOUNT, readOnly: true }] },
    { resources: { MemoryMax: '1G' } },
    { sockets: { listen: [], proxy: null } },
    { dependencies: { ...NO_REQUEST.dependencies, after: ['web.service' as never] } },
  ];
  for (const change of changes) assert.equal(isSameRequest(REQUEST, { ...REQUEST, ...change }), false);
});
