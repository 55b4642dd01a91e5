import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseImageConfig } from '../../../src/image/config.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

function bytes(config: unknown, more: object = {}): Buffer {
  const rootfs = { type: 'layers', diff_ids: [DIGEST] };
  return Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs, config, ...more }));
}

describe('parseImageConfig', () => {
  it('reads what berth uses', () => {
    const config = parseImageConfig(
      bytes(
        {
          User: 'www-data:www-data',
          Env: ['PATH=/bin', 'EMPTY=', 'BARE'],
          Entrypoint: ['/entry'],
          Cmd: ['-a', ''],
          WorkingDir: '/srv',
          Volumes: { '/var/www': {}, '/data': {} },
          ExposedPorts: { '80/tcp': {}, '53/udp': {} },
          StopSignal: 'SIGWINCH',
          Healthcheck: { Test: ['CMD', 'true'], Interval: 5e9, Retries: 3 },
          Labels: { version: '2.4' },
        },
        { variant: 'v2' },
      ),
    );
    assert.deepEqual(config, {
      architecture: 'amd64',
      os: 'linux',
      variant: 'v2',
      diffIds: [DIGEST],
      user: 'www-data:www-data',
      env: ['PATH=/bin', 'EMPTY=', 'BARE'],
      entrypoint: ['/entry'],
      cmd: ['-a', ''],
      workingDir: '/srv',
      volumes: ['/data', '/var/www'],
      exposedPorts: ['53/udp', '80/tcp'],
      stopSignal: 'SIGWINCH',
      healthcheck: { test: ['CMD', 'true'], interval: 5e9, timeout: 0, startPeriod: 0, retries: 3 },
      labels: { version: '2.4' },
    });
  });
  it('takes null, as Go writes it, and absence for nothing', () => {
    const empty = {
      User: '',
      Env: null,
      Entrypoint: null,
      Cmd: null,
      Volumes: null,
      Labels: null,
      Healthcheck: null,
    };
    const config = parseImageConfig(bytes(empty));
    assert.deepEqual(config, parseImageConfig(bytes(undefined)));
    assert.deepEqual(config.cmd, []);
    assert.equal(config.healthcheck, undefined);
  });

  const refused: Array<[string, Buffer, string, RegExp]> = [
    ['a Cmd that is text', bytes({ Cmd: 'run' }), 'image-config-invalid', /config\.Cmd: not a list: "run"/],
    [
      'an Env of numbers',
      bytes({ Env: ['A=1', 2] }),
      'image-config-invalid',
      /config\.Env\[1\]: not a string: 2/,
    ],
    [
      'an Env without a name',
      bytes({ Env: ['=x'] }),
      'image-config-invalid',
      /config\.Env\[0\]: it names no/,
    ],
    ['a NUL', bytes({ Env: ['A=\0'] }), 'image-config-invalid', /config\.Env\[0\]: it has a NUL/],
    [
      'Volumes that are a list',
      bytes({ Volumes: ['/a'] }),
      'image-config-invalid',
      /config\.Volumes: not an object/,
    ],
    [
      'a User that is a number',
      bytes({ User: 33 }),
      'image-config-invalid',
      /config\.User: not a string: 33/,
    ],
    [
      'Labels of numbers',
      bytes({ Labels: { a: 1 } }),
      'image-config-invalid',
      /config\.Labels\.a: not a string/,
    ],
    [
      'a negative interval',
      bytes({ Healthcheck: { Interval: -1 } }),
      'image-config-invalid',
      /Healthcheck\.Interval/,
    ],
    ['a config that is a list', bytes([]), 'image-config-invalid', /config: not an object: a list/],
    ['no architecture', bytes({}, { architecture: undefined }), 'image-config-invalid', /architecture/],
    ['another kind of rootfs', bytes({}, { rootfs: { type: 'x' } }), 'image-config-invalid', /rootfs\.type/],
    ['no rootfs', bytes({}, { rootfs: undefined }), 'image-config-invalid', /rootfs\.type.*absent/],
    [
      'a bad diff ID',
      bytes({}, { rootfs: { type: 'layers', diff_ids: ['x'] } }),
      'digest-invalid',
      /diff_ids\[0\]/,
    ],
    ['no JSON', Buffer.from('<html>'), 'image-config-invalid', /^not JSON/],
    ['5 MiB', Buffer.alloc(5 << 20, ' '), 'limit-exceeded', /limits\.configBytes/],
  ];
  for (const [what, text, code, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseImageConfig(text), { code, message });
    });
  }
});
