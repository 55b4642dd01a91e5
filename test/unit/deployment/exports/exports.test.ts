// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how variables of this dialect are written
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readExports } from '../../../../src/deployment/exports/exports.ts';
import { makeExports, makeRootfs } from '../rootfs.ts';

describe('exports of an image', () => {
  it('are undefined for an image without /exports', (test) => {
    assert.equal(readExports(makeRootfs(test, { 'etc/passwd': '' })), undefined);
  });

  it('in Project Atomic’s dialect are its templates and manifest.json', (test) => {
    const exports = makeExports(test, {
      'service.template': '[Service]\nExecStart=$EXEC_START\n',
      'config.json.template': '{}',
      'tmpfiles.template': 'd /run/$NAME - - - -\n',
      'socket.template': '[Socket]\nListenStream=80\n',
      'manifest.json': JSON.stringify({
        version: 1.0,
        defaultValues: { PORT: 8081, DEBUG: false, __proto__x: 'a' },
        renameFiles: { '/usr/local/bin/ctl': '/usr/local/bin/${NAME}ctl' },
        installedFilesTemplate: ['/etc/x.conf'],
        noContainerService: true,
        useLinks: false,
      }),
    });
    assert.equal(exports.dialect, 'dollar');
    assert.equal(exports.service?.kind, 'dollar');
    assert.equal(exports.socket?.file, 'socket.template');
    assert.equal(exports.sysusers, undefined);
    assert.deepEqual(
      [...exports.manifest.defaultValues],
      [
        ['PORT', '8081'],
        ['DEBUG', 'false'],
        ['__proto__x', 'a'],
      ],
    );
    assert.deepEqual(
      [...exports.manifest.renameFiles],
      [['/usr/local/bin/ctl', '/usr/local/bin/${NAME}ctl']],
    );
    assert.equal(exports.manifest.noContainerService, true);
    assert.equal(exports.manifest.useLinks, false);
    assert.deepEqual(exports.warnings, []);
  });

  it('in EJS are *.ejs and manifest.yaml, whose scalars count as written', (test) => {
    const exports = makeExports(test, {
      'service.ejs': '[Service]\nExecStart=<%= EXEC_START %>\n',
      'config.json.ejs': '{}',
      'manifest.yaml':
        'version: 1.10\ndefaultValues:\n  PORT: 080\n  EMPTY:\nrequires: [etcd.service]\nuseLinks: false\n',
    });
    assert.equal(exports.dialect, 'ejs');
    assert.equal(exports.manifest.version, '1.10');
    assert.deepEqual(
      [...exports.manifest.defaultValues],
      [
        ['PORT', '080'],
        ['EMPTY', ''],
      ],
    );
    assert.deepEqual(exports.manifest.requires, ['etcd.service']);
    assert.equal(exports.manifest.useLinks, false);
  });

  it('that are an empty directory leave every part to berth', (test) => {
    const exports = makeExports(test, { 'hostfs/etc/x.conf': '' });
    assert.equal(exports.service, undefined);
    assert.equal(exports.configJson, undefined);
    assert.equal(exports.manifest.useLinks, true);
  });

  it('prefer a finished config.json to a template, and say so', (test) => {
    const exports = makeExports(test, { 'config.json': '{}', 'config.json.template': '{}' });
    assert.equal(exports.configJson?.kind, 'literal');
    assert.match(exports.warnings.join(), /config\.json\.template is ignored/);
  });

  it('warn of unknown keys and of defaults for what berth sets', (test) => {
    const exports = makeExports(test, { 'manifest.json': '{"colour": 1, "defaultValues": {"NAME": "x"}}' });
    assert.equal(exports.warnings.length, 2);
    assert.equal(exports.manifest.defaultValues.has('NAME'), false);
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    [
      'two dialects',
      { 'service.template': '', 'manifest.yaml': '' },
      /two dialects.*service\.template and manifest\.yaml/,
    ],
    ['two templates for one file', { 'service.template': '', 'service.ejs': '' }, /two dialects/],
    ['a manifest that is no JSON', { 'manifest.json': '{' }, /not JSON: manifest\.json/],
    ['a manifest that is a list', { 'manifest.json': '[]' }, /not an object/],
    ['a YAML manifest that is a list', { 'manifest.yaml': '- a\n' }, /not a mapping/],
    ['a YAML alias', { 'manifest.yaml': 'version: &a 1\nrequires: [*a]\n' }, /manifest\.yaml.*[Aa]lias/],
    ['a repeated YAML key', { 'manifest.yaml': 'version: 1\nversion: 2\n' }, /manifest\.yaml.*unique/],
    [
      'defaults that are a list',
      { 'manifest.json': '{"defaultValues": []}' },
      /defaultValues: it is not a mapping/,
    ],
    ['a nested default', { 'manifest.json': '{"defaultValues": {"A": {}}}' }, /defaultValues: "A"/],
    ['a null default', { 'manifest.json': '{"defaultValues": {"A": null}}' }, /defaultValues: "A"/],
    ['a default with a strange name', { 'manifest.json': '{"defaultValues": {"A B": "1"}}' }, /"A B"/],
    ['a rename to a number', { 'manifest.yaml': 'renameFiles: {/a: [1]}' }, /renameFiles: "\/a"/],
    [
      'templates that are no list',
      { 'manifest.json': '{"installedFilesTemplate": "x"}' },
      /installedFilesTemplate/,
    ],
    [
      'a key that is there twice',
      { 'manifest.json': '{"version": 1, "version": 2}' },
      /manifest\.json:1:16: .*twice/,
    ],
    ['a flag that is a text', { 'manifest.json': '{"useLinks": "maybe"}' }, /useLinks/],
  ];
  for (const [what, files, message] of refused) {
    it(`are refused for ${what}`, (test) => {
      assert.throws(() => makeExports(test, files), { code: 'exports-invalid', message });
    });
  }

  it('are refused for a default with a line break', (test) => {
    assert.throws(
      () => makeExports(test, { 'manifest.json': '{"defaultValues": {"A": "x\\nExecStart=/bin/sh"}}' }),
      {
        code: 'value-invalid',
        message: /U\+000A/,
      },
    );
  });

  it('never come through a symlink', (test) => {
    const secret = makeRootfs(test, { 'service.template': 'secret' });
    const whole = makeRootfs(test, {});
    symlinkSync(secret, join(whole, 'exports'));
    assert.throws(() => readExports(whole), { code: 'exports-invalid' });

    const single = makeRootfs(test, { 'exports/manifest.json': '{}' });
    symlinkSync(join(secret, 'service.template'), join(single, 'exports/service.template'));
    assert.throws(() => readExports(single), {
      code: 'exports-invalid',
      message: /not a regular file: \/exports\/service/,
    });
  });

  it('are refused for a fifo, a directory, too much and bad UTF-8 in the place of a template', (test) => {
    const fifo = makeRootfs(test, { 'exports/x': '' });
    execFileSync('mkfifo', [join(fifo, 'exports/service.template')]);
    assert.throws(() => readExports(fifo), { code: 'exports-invalid', message: /not a regular file/ });

    const directory = makeRootfs(test, { 'exports/x': '' });
    mkdirSync(join(directory, 'exports/manifest.json'));
    assert.throws(() => readExports(directory), { code: 'exports-invalid' });

    const large = makeRootfs(test, { 'exports/service.template': 'x'.repeat(64 * 1024 + 1) });
    assert.throws(() => readExports(large), { code: 'exports-invalid', message: /too large/ });

    const broken = makeRootfs(test, { 'exports/x': '' });
    writeFileSync(join(broken, 'exports/service.template'), Buffer.from([0xff, 0xfe]));
    assert.throws(() => readExports(broken), { code: 'exports-invalid', message: /not UTF-8/ });
  });
});
