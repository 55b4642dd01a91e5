import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeUnitName, escapeUnitPath, unescapeUnitName } from '../../../src/systemd/unit-escape.ts';
import {
  instantiate,
  isUnitTemplate,
  parseUnitName,
  unitInstance,
  unitPrefix,
  unitSuffix,
  unitTemplate,
} from '../../../src/systemd/unit-name.ts';

test('a unit name has a prefix, perhaps an instance, and a suffix that systemd knows', () => {
  const unit = parseUnitName('web.v2@a\\x2db.service');
  assert.equal(unitPrefix(unit), 'web.v2');
  assert.equal(unitInstance(unit), 'a\\x2db');
  assert.equal(unitSuffix(unit), 'service');
  assert.equal(unitInstance(parseUnitName('web.service')), undefined);
});

test('what systemd takes for no unit name is refused', () => {
  for (const text of [
    '',
    'web',
    '.service',
    'web.',
    'web.conf',
    'a b.service',
    '../x.service',
    '@a.service',
  ]) {
    assert.throws(() => parseUnitName(text), { code: 'unit-invalid' }, text);
  }
  assert.throws(() => parseUnitName(`${'a'.repeat(248)}.service`), { code: 'unit-invalid' });
});

test('a template and its instances name each other', () => {
  const template = parseUnitName('web@.service');
  assert.equal(isUnitTemplate(template), true);
  assert.equal(instantiate(template, 'a'), 'web@a.service');
  assert.equal(unitTemplate(parseUnitName('web@a.service')), 'web@.service');
  assert.equal(unitTemplate(parseUnitName('web.service')), undefined);
  assert.throws(() => instantiate(parseUnitName('web.service'), 'a'), { code: 'unit-invalid' });
});

// The expected texts are what systemd-escape prints.
test('names are escaped as systemd-escape does', () => {
  assert.equal(escapeUnitName('/foo-bar.x é'), '-foo\\x2dbar.x\\x20\\xc3\\xa9');
  assert.equal(escapeUnitName('.hidden'), '\\x2ehidden');
  assert.equal(escapeUnitPath('//foo//bar/.b/'), 'foo-bar-.b');
  assert.equal(escapeUnitPath('/'), '-');
  assert.throws(() => escapeUnitPath('/a/../b'), { code: 'unit-invalid' });
});

test('unescaping gives the text back', () => {
  for (const text of ['/a-b/ü%$', '.x', 'a\\b']) assert.equal(unescapeUnitName(escapeUnitName(text)), text);
  assert.throws(() => unescapeUnitName('a\\xz'), { code: 'unit-invalid' });
});
