import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { getXattr, listXattrs } from '../../../src/linux/xattr.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byLayers } from '../place-image.ts';

const tar = () => new TarBuilder();
const attribute = (name: string, value: string) => ({ pax: { [`SCHILY.xattr.${name}`]: value } });
const hex = (text: string) => Buffer.from(text, 'hex').toString('latin1');

const OPEN_TO_ALL = hex('0200000001000700ffffffff04000700ffffffff20000700ffffffff');

/** Devices, owners, attributes, and what a runtime must not meet. */
export const specialFileAttacks: Attack[] = [
  byLayers('a symlink at /dev', 'layer-unsafe', () => tar().symlink('dev', '/etc').end(), {
    cve: 'CVE-2026-41579 (runc)',
  }),
  byLayers(
    'a symlink at /proc',
    'layer-unsafe',
    () => tar().symlink('./proc', 'tmp').directory('tmp/').end(),
    {
      cve: 'CVE-2019-19921, CVE-2023-27561 (runc)',
    },
  ),
  byLayers('a symlink at /sys that a higher layer brings', 'layer-unsafe', () => [
    tar().directory('sys/').end(),
    tar().symlink('/sys', '/').end(),
  ]),
  byLayers('a file at /proc', 'layer-unsafe', () => tar().file('proc', 'x').end()),
  byLayers(
    'a symlink at /dev/null',
    'layer-unsafe',
    () => tar().symlink('dev/null', '/proc/sys/kernel/core_pattern').end(),
    {
      cve: 'CVE-2025-31133 (runc)',
    },
  ),
  byLayers('a file at /dev/null', 'layer-unsafe', () => tar().file('dev/null', 'x').end(), {
    cve: 'CVE-2025-31133 (runc)',
  }),
  byLayers('another device at /dev/null', 'layer-unsafe', () =>
    tar().device('character', 'dev/null', 1, 1).end(),
  ),
  byLayers('a hard link to another device at /dev/null', 'layer-unsafe', () =>
    tar().device('block', 'dev/sda', 8, 0).hardlink('dev/null', 'dev/sda').end(),
  ),
  byLayers('the null device through a symlink at /dev', 'layer-unsafe', () =>
    tar().symlink('dev', 'd').device('character', 'd/null', 1, 3).end(),
  ),
  byLayers('a device number beyond the kernel', 'layer-unsafe', () =>
    tar().device('character', 'd', 4096, 0).end(),
  ),
  byLayers('a negative device number', 'layer-unsafe', () => tar().device('block', 'd', -1, 0).end()),
  byLayers(
    'the disk of the host, open to all',
    'harmless',
    () => tar().device('block', 'disk', 8, 0, 0o666).end(),
    {
      cve: 'CVE-2021-41103 (containerd)',
      holds: isOutOfReach,
    },
  ),
  byLayers(
    'a shell with setuid, in reach of users of the host',
    'harmless',
    () => tar().directory('./', { mode: 0o777 }).file('sh', 'x', { mode: 0o6755 }).end(),
    { cve: 'CVE-2021-41103 (containerd)', holds: isOutOfReach },
  ),
  byLayers(
    'labels and attributes of the host',
    'harmless',
    () =>
      tar()
        .file('f', 'x', {
          pax: {
            'SCHILY.xattr.security.selinux': 'system_u:object_r:shadow_t:s0',
            'SCHILY.xattr.trusted.overlay.redirect': '/etc',
            'SCHILY.xattr.system.nfs4_acl': 'x',
          },
        })
        .end(),
    { holds: (rootfs) => assert.deepEqual(listXattrs(join(rootfs, 'f')), []) },
  ),
  byLayers('file capabilities of junk', 'layer-invalid', () =>
    tar().file('f', 'x', attribute('security.capability', 'junk')).end(),
  ),
  byLayers(
    'file capabilities that the kernel spells another way',
    'harmless',
    () =>
      tar()
        .file(
          'f',
          'x',
          attribute('security.capability', hex('010000030004000000000000000000000000000000000000')),
        )
        .end(),
    { holds: (rootfs) => assert.equal(getXattr(join(rootfs, 'f'), 'security.capability')?.length, 20) },
  ),
  byLayers('an ACL of junk', 'layer-invalid', () =>
    tar().file('f', 'x', attribute('system.posix_acl_access', 'junk')).end(),
  ),
  byLayers(
    'an ACL that gives away a file of mode 0600',
    'harmless',
    () =>
      tar()
        .file('f', 'x', {
          mode: 0o600,
          ...attribute('system.posix_acl_access', OPEN_TO_ALL),
        })
        .end(),
    { holds: (rootfs) => assert.equal(lstatSync(join(rootfs, 'f')).mode & 0o7777, 0o777) },
  ),
  byLayers(
    'an ACL on a symlink, for its target',
    'harmless',
    () => tar().symlink('l', `${CANARY}/secret`, attribute('system.posix_acl_access', OPEN_TO_ALL)).end(),
    { cve: 'CVE-2021-23177 (libarchive)' },
  ),
  byLayers('an attribute of 65 KiB', 'layer-invalid', () =>
    tar()
      .file('f', 'x', attribute('user.a', 'x'.repeat(65_537)))
      .end(),
  ),
  byLayers('an attribute whose name is too long', 'layer-invalid', () =>
    tar()
      .file('f', 'x', attribute(`user.${'x'.repeat(300)}`, 'x'))
      .end(),
  ),
  byLayers('the owner -1, which chown leaves as it is', 'layer-invalid', () =>
    tar().file('f', 'x', { uid: 0xffffffff }).end(),
  ),
  byLayers('an owner beyond 32 bits', 'layer-invalid', () =>
    tar()
      .file('f', 'x', { gid: 2 ** 32 })
      .end(),
  ),
  byLayers('a time beyond what disks hold', 'layer-invalid', () =>
    tar()
      .file('f', 'x', { pax: { mtime: '9'.repeat(30) } })
      .end(),
  ),
  byLayers(
    'a mode with the bits of a device',
    'harmless',
    () => tar().file('f', 'x', { mode: 0o060_777 }).end(),
    {
      holds: (rootfs) => assert.ok(lstatSync(join(rootfs, 'f')).isFile()),
    },
  ),
];

/** What is above the root file system must shut other users out, whatever its own mode is. */
function isOutOfReach(rootfs: string): void {
  assert.equal(lstatSync(join(rootfs, '..')).mode & 0o077, 0);
}
