import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeXattrs } from '../../../src/layer/xattrs.ts';
import { setXattr } from '../../../src/linux/xattr.ts';
import { readXattrs } from '../../../src/store/object.ts';
import { scratch } from './scratch.ts';

const ACCESS = 'system.posix_acl_access';
const DEFAULT = 'system.posix_acl_default';
const NOBODY = 0xffffffff;
const [OWNER, USER, OWNER_GROUP, GROUP, MASK, OTHER] = [1, 2, 4, 8, 16, 32];

function numbers(...values: number[]): string {
  return Buffer.from(Uint32Array.from(values).buffer).toString('latin1');
}

function acl(...entries: [tag: number, permissions: number, id: number][]): string {
  return numbers(2, ...entries.flatMap(([tag, permissions, id]) => [(permissions << 16) | tag, id]));
}

const minimal = acl([OWNER, 6, NOBODY], [OWNER_GROUP, 4, NOBODY], [OTHER, 1, NOBODY]);
const named = acl(
  [OWNER, 6, 0],
  [USER, 7, 1000],
  [OWNER_GROUP, 4, 7],
  [GROUP, 1, 5],
  [MASK, 5, 9],
  [OTHER, 0, 3],
);
const masked = acl([OWNER, 6, NOBODY], [OWNER_GROUP, 4, NOBODY], [MASK, 7, NOBODY], [OTHER, 0, NOBODY]);

const taken: [name: string, type: 'file' | 'directory', xattrs: [string, string][]][] = [
  ['an ACL with named users and groups', 'file', [[ACCESS, named]]],
  [
    'an ACL of a directory and one for what comes into it',
    'directory',
    [
      [ACCESS, named],
      [DEFAULT, minimal],
    ],
  ],
  ['an ACL that is no more than permission bits', 'file', [[ACCESS, minimal]]],
  ['an ACL with a mask alone', 'file', [[ACCESS, masked]]],
  ['an ACL of no bytes', 'file', [[ACCESS, '']]],
  [
    'an ACL of nothing',
    'directory',
    [
      [ACCESS, acl()],
      [DEFAULT, acl()],
    ],
  ],
  ['file capabilities', 'file', [['security.capability', numbers(0x02000001, 0x400, 0, 0, 0)]]],
  [
    'file capabilities for the root of the host',
    'file',
    [['security.capability', numbers(0x03000001, 0x400, 0, 0, 0, 0)]],
  ],
  [
    'file capabilities for another root',
    'file',
    [['security.capability', numbers(0x03000000, 0x400, 0, 0, 0, 1000)]],
  ],
  [
    'attributes of a user, bytes and all',
    'directory',
    [
      ['user.b', '\0\n\xff'],
      ['user.a', ''],
    ],
  ],
];

for (const [name, type, xattrs] of taken) {
  test(`foreseen is what the kernel makes of ${name}`, (context) => {
    const path = join(scratch(context), 'entry');
    if (type === 'directory') mkdirSync(path);
    else writeFileSync(path, '');
    chmodSync(path, 0o4755);
    for (const [key, value] of xattrs) setXattr(path, key, Buffer.from(value, 'latin1'));
    assert.deepEqual(takeXattrs(type, 0o4755, new Map(xattrs)), {
      mode: lstatSync(path).mode & 0o7777,
      xattrs: readXattrs(path),
    });
  });
}

test('what belongs to the host, to other systems, or not to this type of file, is left out', () => {
  const all = new Map(
    [
      'security.selinux',
      'trusted.overlay.opaque',
      'system.nfs4_acl',
      'system.richacl',
      'btrfs.compression',
      'bare',
    ].map((name) => [name, 'x']),
  );
  assert.deepEqual(takeXattrs('file', 0o644, all), { mode: 0o644, xattrs: [] });
  const fitting = new Map([
    ['user.a', 'x'],
    [ACCESS, named],
    [DEFAULT, named],
  ]);
  assert.deepEqual(takeXattrs('symlink', 0o777, fitting), { mode: 0o777, xattrs: [] });
  assert.deepEqual(takeXattrs('file', 0o644, new Map([[DEFAULT, named]])), { mode: 0o644, xattrs: [] });
});

const refused: [name: string, key: string, value: string][] = [
  ['an ACL of junk', ACCESS, 'junk'],
  ['an ACL of another version', ACCESS, numbers(3)],
  ['an ACL that is cut off', ACCESS, named.slice(0, -1)],
  ['an ACL in another order', ACCESS, acl([OWNER_GROUP, 4, NOBODY], [OWNER, 6, NOBODY], [OTHER, 1, NOBODY])],
  [
    'an ACL with a named user and no mask',
    ACCESS,
    acl([OWNER, 6, NOBODY], [USER, 7, 1], [OWNER_GROUP, 4, NOBODY], [OTHER, 1, NOBODY]),
  ],
  ['an ACL without others', ACCESS, acl([OWNER, 6, NOBODY], [OWNER_GROUP, 4, NOBODY])],
  [
    'an ACL with unknown rights',
    ACCESS,
    acl([OWNER, 22, NOBODY], [OWNER_GROUP, 4, NOBODY], [OTHER, 1, NOBODY]),
  ],
  [
    'an ACL for the user that nobody is',
    ACCESS,
    acl(
      [OWNER, 6, NOBODY],
      [USER, 7, NOBODY],
      [OWNER_GROUP, 4, NOBODY],
      [MASK, 7, NOBODY],
      [OTHER, 1, NOBODY],
    ),
  ],
  ['capabilities of junk', 'security.capability', 'xx'],
  [
    'capabilities of a form that the kernel no longer takes',
    'security.capability',
    numbers(0x01000001, 0x400, 0),
  ],
  ['capabilities for no root at all', 'security.capability', numbers(0x03000001, 0x400, 0, 0, 0, NOBODY)],
  ['a value beyond 64 KiB', 'user.a', 'x'.repeat(65_537)],
  ['an attribute without a name', 'user.', 'x'],
];

for (const [name, key, value] of refused) {
  test(`refused, as by the kernel: ${name}`, (context) => {
    const path = join(scratch(context), 'entry');
    writeFileSync(path, '');
    assert.throws(() => takeXattrs('file', 0o644, new Map([[key, value]])), { code: 'layer-invalid' });
    assert.throws(() => setXattr(path, key, Buffer.from(value, 'latin1')));
  });
}
