import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnitFile, printUnitFile, UnitFile } from '../../../src/systemd/unit-file.ts';

const parse = (...lines: string[]) => parseUnitFile(lines.join('\n'), 'web.service');

test('comments, blank lines and white space around a value do not count', () => {
  const file = parse('# one', '[Unit]', '  ; two', '', ' Description =  a web  server ', 'After=b#c');
  assert.equal(file.get('Unit', 'Description'), 'a web  server');
  assert.equal(file.get('Unit', 'After'), 'b#c');
});

test('a backslash at the end joins the next line, past comments', () => {
  const file = parse(
    '[Service]',
    'ExecStart=/bin/a \\',
    '# not this',
    '  b \\',
    '; nor this',
    'c',
    'Type=simple',
  );
  assert.equal(file.get('Service', 'ExecStart'), '/bin/a    b  c');
  assert.equal(file.get('Service', 'Type'), 'simple');
});

test('a pair of backslashes at the end joins nothing', () => {
  const file = parse('[Service]', 'A=x\\\\', 'B=y');
  assert.equal(file.get('Service', 'A'), 'x\\\\');
  assert.equal(file.get('Service', 'B'), 'y');
});

test('a backslash at the end of the file joins nothing', () => {
  assert.equal(parse('[Service]', 'A=x\\').get('Service', 'A'), 'x');
});

test('keys repeat, and an empty assignment forgets those before it', () => {
  const file = parse('[Unit]', 'After=a b', 'After=', 'After=c', 'After=d  e');
  assert.deepEqual(file.all('Unit', 'After'), ['c', 'd  e']);
  assert.deepEqual(file.words('Unit', 'After'), ['c', 'd', 'e']);
  assert.equal(file.get('Unit', 'After'), 'd  e');
  assert.equal(file.get('Unit', 'Before'), undefined);
});

test('a section may be opened again', () => {
  const file = parse('[Unit]', 'A=1', '[Service]', 'A=2', '[Unit]', 'B=3');
  assert.deepEqual(file.sections, ['Unit', 'Service']);
  assert.equal(file.get('Unit', 'A'), '1');
  assert.equal(file.get('Unit', 'B'), '3');
});

test('errors name the file and the line', () => {
  const broken: [string[], RegExp][] = [
    [['A=1'], /web\.service:1: an assignment before/],
    [['[Unit]', '', 'words'], /web\.service:3: missing "="/],
    [['[Unit', 'A=1'], /web\.service:1: a section is/],
    [['[Unit]', '=1'], /web\.service:2: missing key/],
    [['[Unit]', 'A=1\0'], /web\.service:2: a NUL/],
    [['[Unit]', 'A=\\', 'x\0'], /web\.service:2: a NUL/],
  ];
  for (const [lines, message] of broken) {
    assert.throws(() => parse(...lines), { code: 'unit-invalid', message });
  }
});

test('an entry knows its line', () => {
  assert.deepEqual(
    parse('[Unit]', 'A=\\', 'b', 'C=d').entries.map(({ key, line }) => [key, line]),
    [
      ['A', 2],
      ['C', 4],
    ],
  );
});

test('what is printed reads back the same', () => {
  const file = parse('[Unit]', 'A=x \\', ' y', 'A=', '[Service]', 'B=z\\\\', '[Unit]', 'C="q" %% $$');
  const again = parseUnitFile(printUnitFile(file), 'again');
  const bare = ({ entries }: UnitFile) => entries.map(({ section, key, value }) => ({ section, key, value }));
  assert.deepEqual(bare(again), bare(file));
});

test('a value that would become two lines is not printed', () => {
  for (const value of ['a\nExecStart=/bin/b', 'a\\', ' a', 'a\rb']) {
    const file = new UnitFile([{ section: 'Service', key: 'A', value, line: 1 }]);
    assert.throws(() => printUnitFile(file), { code: 'unit-invalid' }, JSON.stringify(value));
  }
});

test('a long line costs time in proportion to its length', () => {
  // Quadratic, this would be 10^12 steps: the test's own limit would end it.
  const long = `${'\\'.repeat(500_000)}x${' '.repeat(500_000)}y`;
  assert.equal(parseUnitFile(`[Service]\nExecStart=${long}`, 'a.service').get('Service', 'ExecStart'), long);
  const joined = parseUnitFile(`[Service]\nExecStart=a${'\\\nb'.repeat(100_000)}`, 'a.service');
  assert.equal(joined.get('Service', 'ExecStart')?.length, 1 + 2 * 100_000);
});
