import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { leaveAlone, requireMountPoints } from '../../../../src/deployment/plan/leave-rootfs-alone.ts';
import type { StagedFile } from '../../../../src/deployment/plan/stage-files.ts';
import { BerthError } from '../../../../src/errors.ts';
import { Paths } from '../../../../src/paths.ts';
import type { MountPoint } from '../../../../src/runtime/mount-points.ts';
import { scratch } from '../../layer/scratch.ts';

const WEB = { named: '/srv/web', directory: '/srv/web', command: [] };

test('mount points that are missing are named, and made by the hint alone', async (context) => {
  const root = scratch(context);
  const rootfs = join(root, 'srv/it’s a $web');
  mkdirSync(join(rootfs, 'dev'), { recursive: true });
  const foreign = { ...WEB, directory: '/srv/it’s a $web' };
  const points: MountPoint[] = [
    { path: '/dev', type: 'directory' },
    { path: '/proc', type: 'directory' },
    { path: '/etc/hosts', type: 'file' },
    { path: '/etc/resolv.conf', type: 'file' },
  ];
  const check = () => requireMountPoints(foreign, points, new Paths(root));
  const error = await check().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof BerthError);
  assert.equal(error.code, 'rootfs-invalid');
  assert.match(error.message, /it lacks the mount points \/proc, \/etc\/hosts, \/etc\/resolv.conf$/);
  assert.deepEqual(readdirSync(rootfs), ['dev']);
  execFileSync('sh', ['-c', error.hint ?? 'false']);
  await check();
});

test('nothing is put into the root file system, by host files or by tmpfiles.d', () => {
  const refused = { code: 'exports-invalid', message: /\/srv\/web stays as it is/ };
  const file = { path: '/srv/web/etc/motd' } as StagedFile;
  assert.throws(() => leaveAlone(WEB, [file]), refused);
  leaveAlone(WEB, [{ path: '/srv/website' } as StagedFile]);
  for (const line of [
    ...['d /srv/web/new', 'f /srv/web', 'R /srv/web/', 'r /srv/web/old', 'z /srv/web/etc 0700'],
    ...['R /srv', 'Z /srv', 'D /srv', 'z /srv/w*', 'r /s*/web/x', 'e /srv/?eb', 'C /srv/web/etc'],
    ...['"d" "/srv/web/new"', 'R! /srv/'],
  ])
    assert.throws(() => leaveAlone(WEB, [], `d /var/lib/web\n${line}\n`), refused, line);
  leaveAlone(
    WEB,
    [],
    'd /srv 0755\nR /srv/website\nd /var/lib/web\nC /var/lib/web/data - - - - /srv/web/data\n',
  );
});
