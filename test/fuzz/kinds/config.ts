import assert from 'node:assert/strict';
import { parseImageConfig } from '../../../src/image/config.ts';
import { parseDigest } from '../../../src/image/digest.ts';
import type { FuzzKind } from '../kind.ts';
import { type Json, mutateJson } from '../mutate/json.ts';

const DIFF_ID = `sha256:${'fedcba9876543210'.repeat(4)}`;

const CONFIG: Json = {
  created: '2024-01-01T00:00:00Z',
  architecture: 'arm',
  variant: 'v7',
  os: 'linux',
  rootfs: { type: 'layers', diff_ids: [DIFF_ID, `sha512:${'cd'.repeat(64)}`] },
  history: [{ created_by: 'x', empty_layer: true }],
  config: {
    User: '1000:root',
    Env: ['PATH=/usr/bin', 'EMPTY=', 'WITH=equals=sign'],
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: null,
    WorkingDir: '/srv',
    Volumes: { '/data': {}, '/var/lib/x': {} },
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Labels: { name: 'value' },
    StopSignal: 'SIGTERM',
    Healthcheck: {
      Test: ['CMD-SHELL', 'true'],
      Interval: 30_000_000_000,
      Timeout: 1,
      StartPeriod: 0,
      Retries: 3,
    },
  },
};

const WORDS = [
  ...'architecture os rootfs diff_ids type layers config Env Entrypoint Cmd User Volumes'.split(' '),
  ...'Labels Healthcheck Test Interval Retries StopSignal WorkingDir ExposedPorts Shell OnBuild'.split(' '),
  ...'= A=B =B ../.. / 80/tcp 65536/tcp sha256:00 root -1 SIGKILL $(x) %n __proto__'.split(' '),
  ...[DIFF_ID],
];

/** Configs of images. */
export const config: FuzzKind = {
  share: 0.1,
  codes: ['image-config-invalid', 'digest-invalid', 'limit-exceeded'],

  make: (random) => mutateJson(CONFIG, WORDS, random),

  read(bytes) {
    const { diffIds, env, entrypoint, cmd, volumes, exposedPorts, labels, ...rest } = parseImageConfig(bytes);
    for (const diffId of diffIds) assert.equal(parseDigest(diffId), diffId);
    for (const variable of env) assert.ok(!variable.startsWith('='));
    const { user, workingDir, architecture, os } = rest;
    const texts = [
      env,
      entrypoint,
      cmd,
      volumes,
      exposedPorts,
      Object.entries(labels),
      user,
      workingDir,
      architecture,
      os,
    ];
    for (const text of texts.flat(2)) assert.ok(typeof text === 'string');
    for (const argument of [...env, ...entrypoint, ...cmd]) assert.ok(!argument.includes('\0'));
  },
};
