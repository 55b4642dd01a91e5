import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import { formatBytes } from '../../../src/cli/bytes.ts';
import { VERSION } from '../../../src/cli/version.ts';
import { type ErrorCode, exitStatus } from '../../../src/errors.ts';
import { scratch } from '../layer/scratch.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

function berth(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('the version is that of package.json', () => {
  assert.equal(VERSION, packageJson.version);
  assert.deepEqual(berth('--version'), { status: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test('exit statuses tell usage, not running, not found and interrupted from other failures', () => {
  const statuses: [ErrorCode, number][] = [
    ['usage', 2],
    ['reference-invalid', 2],
    ['service-name-invalid', 2],
    ['not-running', 3],
    ['registry-not-found', 4],
    ['service-not-found', 4],
    ['interrupted', 130],
    ['unit-failed', 1],
    ['no-space', 1],
  ];
  for (const [code, status] of statuses) assert.equal(exitStatus(code), status, code);
});

test('below another root nothing of this one is read or asked', (context) => {
  const root = scratch(context);
  assert.deepEqual(berth('--root', root, 'list', '--json'), { status: 0, stdout: '[]\n', stderr: '' });
  assert.deepEqual(berth('--root', root, 'images'), {
    status: 0,
    stdout: 'IMAGE  DIGEST  SIZE\n',
    stderr: '',
  });
  assert.deepEqual(berth('--root', root, 'inspect', 'web'), {
    status: 4,
    stdout: '',
    stderr: `Error: not installed: web\nHint: berth --root ${root} list\n`,
  });
});

test('settings that are wrong are named with their file', (context) => {
  const root = scratch(context);
  mkdirSync(join(root, 'etc/berth'), { recursive: true });
  writeFileSync(join(root, 'etc/berth/berth.yaml'), 'registrys: {}\n');
  const { status, stderr } = berth('--root', root, 'install', 'web');
  assert.equal(status, 1);
  assert.match(stderr, /^Error: unknown key: .*\/etc\/berth\/berth\.yaml: registrys\nHint: /);
});

test('who stops reading the output does not make berth fail', () => {
  const command = `'${process.execPath}' '${MAIN}' --help | true; echo "\${PIPESTATUS[0]}"`;
  assert.equal(execFileSync('bash', ['-c', command], { encoding: 'utf8' }), '0\n');
});

test('numbers of bytes have a unit and at most three digits', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [47_600_000, '47.6 MB'],
    [154_123_456, '154 MB'],
    [2_147_483_648, '2.1 GB'],
    [999_999, '1.0 MB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});
