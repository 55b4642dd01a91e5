import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostFile } from '../../../../src/deployment/exports/host-files.ts';
import { stageFiles } from '../../../../src/deployment/plan/stage-files.ts';
import { setXattr } from '../../../../src/linux/xattr.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';

test('a file for the host is staged with the extended attributes that it will have', (context) => {
  const directory = scratch(context);
  const hostFiles = ['plain', 'marked'].map((name): HostFile => {
    const source = join(directory, name);
    writeFileSync(source, name);
    return { type: 'file', target: `/${name}`, source, uid: 0, gid: 0, mode: 0o644 };
  });
  setXattr(join(directory, 'marked'), Buffer.from('user.berth'), Buffer.from('yes'));
  const rendered = { hostFiles, hostFileTexts: new Map() } as unknown as Parameters<typeof stageFiles>[1];
  const files = stageFiles(parseServiceName('web'), rendered, directory, new Paths(scratch(context)));
  assert.deepEqual(
    files.map((file) => (file.type === 'file' ? [file.path, file.xattrs] : file.path)),
    [
      ['/plain', undefined],
      ['/marked', [['user.berth', 'yes']]],
    ],
  );
});
