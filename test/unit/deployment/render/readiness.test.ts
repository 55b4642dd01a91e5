import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  mayNotify,
  READINESS_LIMIT,
  type Readiness,
  readReadiness,
  wantsToNotify,
} from '../../../../src/deployment/render/readiness.ts';
import type { Healthcheck, ImageConfig } from '../../../../src/image/image.ts';
import { parseUnitFile } from '../../../../src/systemd/unit-file.ts';

const SECOND = 1e9;
const FORKING = 'Type=forking';

function image(parts: Partial<ImageConfig> = {}): ImageConfig {
  return {
    architecture: 'amd64',
    os: 'linux',
    diffIds: [],
    user: '',
    env: [],
    entrypoint: ['/x'],
    cmd: [],
    workingDir: '',
    volumes: [],
    exposedPorts: [],
    labels: {},
    ...parts,
  };
}

function check(parts: Partial<Healthcheck> = {}): Pick<ImageConfig, 'healthcheck'> {
  const none = { interval: 0, timeout: 0, startPeriod: 0, retries: 0 };
  return { healthcheck: { test: ['CMD', '/bin/check', '-x'], ...none, ...parts } };
}

function read(directives: string, config: ImageConfig, ready: string[] = []): Readiness {
  const unit = parseUnitFile(`[Service]\n${directives}\n`, 'web.service');
  return readReadiness(unit, config, { notify: false, ready }, READINESS_LIMIT);
}

describe('a service is ready', () => {
  test('as soon as it runs when nothing says otherwise', () => {
    assert.deepEqual(read(FORKING, image()), { by: 'start' });
    assert.deepEqual(
      read('', image({ healthcheck: { ...check().healthcheck, test: ['NONE'] } as Healthcheck })),
      {
        by: 'start',
      },
    );
  });

  test('when it says so, whatever else the image has', () => {
    assert.deepEqual(read('Type=notify', image(check()), ['/x']), { by: 'notify', watchdog: undefined });
    assert.deepEqual(read('Type=notify-reload\nWatchdogSec=1min', image()), { by: 'notify', watchdog: 60e6 });
    for (const off of ['0', 'infinity', ''])
      assert.deepEqual(read(`Type=notify\nWatchdogSec=${off}`, image()), {
        by: 'notify',
        watchdog: undefined,
      });
  });

  test('when its Healthcheck succeeds', () => {
    assert.deepEqual(read(FORKING, image(check())), {
      by: 'command',
      argv: ['/bin/check', '-x'],
      timeout: 30,
      limit: 90,
    });
    const shell = read(FORKING, image(check({ test: ['CMD-SHELL', 'a && b'] })));
    assert.deepEqual('argv' in shell && shell.argv, ['/bin/sh', '-c', 'a && b']);
  });

  test('when the command of its manifest succeeds, before that of its Healthcheck', () => {
    const readiness = read(FORKING, image(check()), ['/bin/other']);
    assert.deepEqual('argv' in readiness && readiness.argv, ['/bin/other']);
  });

  test('without its Healthcheck where the label of Podman says so, and once it has ended', () => {
    for (const label of ['ignore', 'conmon']) {
      const labels = { 'io.containers.sdnotify': label };
      assert.deepEqual(read(FORKING, image({ ...check(), labels })), { by: 'start' });
    }
    assert.deepEqual(read('Type=oneshot', image(check())), { by: 'start' });
  });
});

describe('the time for a start', () => {
  const cases: [string, Partial<Healthcheck>, number][] = [
    ['is never shorter than systemd’s own', { interval: SECOND, retries: 2 }, 90],
    ['grows with the image’s start period', { startPeriod: 300 * SECOND, interval: SECOND, retries: 5 }, 305],
    ['grows with its interval and retries', { interval: 60 * SECOND, retries: 4 }, 240],
    ['has a limit', { startPeriod: 1e6 * SECOND }, READINESS_LIMIT],
  ];
  for (const [what, parts, limit] of cases) {
    test(what, () => {
      const readiness = read(FORKING, image(check(parts)));
      assert.equal('limit' in readiness && readiness.limit, limit);
    });
  }

  test('is whole seconds, at least one for a try and never more than for all', () => {
    for (const [timeout, expected] of [
      [1, 1],
      [1.5 * SECOND, 2],
      [1e6 * SECOND, 90],
    ] as const) {
      const readiness = read(FORKING, image(check({ timeout })));
      assert.equal('timeout' in readiness && readiness.timeout, expected);
    }
  });

  test('may be shorter on a host that says so', () => {
    const unit = parseUnitFile('[Service]\n', 'web.service');
    const readiness = readReadiness(unit, image(check()), undefined, 5);
    assert.deepEqual(
      ['limit' in readiness && readiness.limit, 'timeout' in readiness && readiness.timeout],
      [5, 5],
    );
  });
});

test('an image without a unit may notify, but not as root', () => {
  const wants = image({ labels: { 'io.containers.sdnotify': 'container' } });
  assert.equal(wantsToNotify(wants, undefined), true);
  assert.equal(wantsToNotify(image(), { notify: true, ready: [] }), true);
  assert.equal(wantsToNotify(image(), undefined), false);
  const config = (user?: { uid: number; gid: number }) => ({
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: true },
    process: { args: ['/x'], cwd: '/', ...(user === undefined ? {} : { user }) },
  });
  const warnings: string[] = [];
  assert.equal(mayNotify(config({ uid: 33, gid: 33 }), warnings), true);
  assert.deepEqual(warnings, []);
  assert.equal(mayNotify(config({ uid: 0, gid: 0 }), warnings), false);
  assert.equal(mayNotify(config(), warnings), false);
  assert.match(warnings[0] ?? '', /root/);
});
