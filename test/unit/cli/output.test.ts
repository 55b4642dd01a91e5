import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Output } from '../../../src/cli/output.ts';

interface Shown {
  stdout: string;
  stderr: string;
}

async function show(use: (output: Output) => void, terminal = false): Promise<Shown> {
  const stdout = Object.assign(new PassThrough(), { isTTY: terminal, columns: 40 });
  const stderr = Object.assign(new PassThrough(), { isTTY: terminal, columns: 20 });
  use(new Output({ stdout, stderr, env: {} }));
  stdout.end();
  stderr.end();
  return { stdout: await text(stdout), stderr: await text(stderr) };
}

test('a table has upper-case headers and columns as wide as they need, and nothing behind the last', async () => {
  const rows = [
    ['web', 'active (running)', '0'],
    ['a-long-name', 'failed', '12'],
  ];
  const { stdout, stderr } = await show((output) => output.table(['NAME', 'STATE', 'DEPLOYMENT'], rows));
  assert.equal(
    stdout,
    [
      'NAME         STATE             DEPLOYMENT',
      'web          active (running)  0',
      'a-long-name  failed            12',
      '',
    ].join('\n'),
  );
  assert.equal(stderr, '');
});

test('a column gives way where a terminal is too narrow, down to its header, and nowhere else', async () => {
  const table = (name: string) => (output: Output) =>
    output.table(['NAME', 'IMAGE', 'N'], [[name, 'registry.example.com/team/httpd:2.4', '0']], {
      elastic: 1,
    });
  const lines = async (name: string, terminal: boolean) =>
    (await show(table(name), terminal)).stdout.split('\n');
  assert.deepEqual(await lines('web', true), [
    'NAME  IMAGE                            N',
    'web   registry.e…e.com/team/httpd:2.4  0',
    '',
  ]);
  assert.equal((await lines('w'.repeat(60), true))[1], `${'w'.repeat(9)}…${'w'.repeat(20)}  r…2.4  0`);
  assert.equal((await lines('web', false))[1], 'web   registry.example.com/team/httpd:2.4  0');
});

test('whole columns are left out before the one that gives way is too short to tell anything', async () => {
  const row = ['web', '2 h ago', 'registry.example.com/team/httpd:2.4', 'active', '0123456789ab'];
  const table = (legend?: boolean) => (output: Output) =>
    output.table(['NAME', 'SINCE', 'IMAGE', 'STATE', 'DIGEST'], [row], {
      elastic: 2,
      spare: [4, 1],
      legend,
      paint: (_, column) => (column === 3 ? 'green' : undefined),
    });
  const { stdout } = await show(table(), true);
  assert.deepEqual(stdout.split('\n').slice(0, -1), [
    'NAME  IMAGE                       STATE',
    'web   registry…om/team/httpd:2.4  \u001b[32mactive\u001b[39m',
  ]);
  assert.equal((await show(table(false))).stdout, `${row.join('  ')}\n`.replace('web', 'web '));
});

test('what is drawn again takes the place of what was there, within the height of the terminal', async () => {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 40, rows: 3 });
  const output = new Output({ stdout, stderr: new PassThrough(), env: {} });
  assert.ok(output.redraws);
  output.redraw(() => output.data('one\ntwo\nthree'));
  output.redraw(() => output.data('four'));
  stdout.end();
  const [off, on] = ['\u001b[?7l', '\u001b[?7h'];
  assert.equal(await text(stdout), `\r\u001b[J${off}one\ntwo\n${on}\r\u001b[2A\u001b[J${off}four\n${on}`);
  assert.equal(new Output({ stdout, stderr: stdout, env: { TERM: 'dumb' } }).redraws, false);
});

test('a cell is one line, whatever an image calls itself', async () => {
  const { stdout } = await show((output) => output.table(['VERSION', 'N'], [['1\n2\t', '0']]));
  assert.equal(stdout, 'VERSION         N\n1\\u000a2\\u0009  0\n');
});

test('bytes stay as they are for a program, and command no terminal', async () => {
  const print = (output: Output) => output.bytes(Buffer.from('{"a":"\u001b[2J\u009b"}\n'));
  assert.equal((await show(print)).stdout, '{"a":"\u001b[2J\u009b"}\n');
  assert.equal((await show(print, true)).stdout, '{"a":"\\u001b[2J\\u009b"}\n');
});

test('a time is told by its distance on a terminal, and in RFC 3339 elsewhere', async () => {
  const ago = new Date(Date.now() - 3 * 3_600_000 - 5000).toISOString();
  const print = (output: Output) => output.data(output.moment(ago));
  assert.equal((await show(print, true)).stdout, '3 h ago\n');
  assert.equal((await show(print)).stdout, `${ago.slice(0, 19)}Z\n`);
});

test('data goes to stdout, notes, warnings and errors to stderr', async () => {
  const shown = await show((output) => {
    output.json({ a: 1 });
    output.note('pulled');
    output.warn('old');
    output.error('cannot: x: y', 'do z');
    output.error('cannot: x: y', undefined);
  });
  assert.deepEqual(shown, {
    stdout: '{\n  "a": 1\n}\n',
    stderr: 'pulled\nWarning: old\nError: cannot: x: y\nHint: do z\nError: cannot: x: y\n',
  });
});

test('a passing line is replaced on a terminal, cut to its width, and left out elsewhere', async () => {
  const use = (output: Output) => {
    output.transient('50 % of something that is long');
    output.note('done');
  };
  assert.equal((await show(use, true)).stderr, '50 % of something\r\u001b[Jdone\n');
  assert.equal((await show(use)).stderr, 'done\n');
});

test('passing lines are replaced together, and one that is empty only takes away', async () => {
  const use = (output: Output) => {
    output.transient('one\ntwo\nthree');
    output.transient('four\nfive');
    output.transient('');
    output.note('done');
  };
  assert.equal(
    (await show(use, true)).stderr,
    'one\ntwo\nthree\r\u001b[2A\u001b[Jfour\nfive\r\u001b[1A\u001b[Jdone\n',
  );
});

test('a sentence in a table goes on in the next line where a terminal is too narrow', async () => {
  const rows = [['disk', 'no room is left for what is next to come, at all']];
  const use = (output: Output) => output.table(['CHECK', 'FOUND'], rows, { elastic: 1, wraps: true });
  assert.equal(
    (await show(use, true)).stdout,
    'CHECK  FOUND\ndisk   no room is left for what is next\n       to come, at all\n',
  );
  assert.match((await show(use)).stdout, /to come, at all$/m);
});

test('colours are for terminals, and for those who did not ask for none', () => {
  const module = new URL('../../../src/cli/output.ts', import.meta.url);
  const program = `const { Output } = await import('${module}');
    const { stdout, stderr, env } = process;
    new Output({ stdout, stderr, env }).table(['STATE'], [['active']], { paint: () => 'green' });`;
  const node = `'${process.execPath}' --input-type=module --eval "$PROGRAM"`;
  const run = (command: string, env: Record<string, string>) =>
    execFileSync('sh', ['-c', command], {
      env: { TERM: 'xterm', PROGRAM: program, ...env },
      encoding: 'utf8',
    });
  // script(1) gives it a terminal.
  const terminal = 'script --quiet --return --command "$NODE" /dev/null';
  const green = '\u001b[32mactive\u001b[39m';
  const path = process.env['PATH'] ?? '';
  assert.ok(run(terminal, { NODE: node, PATH: path }).includes(green));
  assert.ok(!run(terminal, { NODE: node, PATH: path, NO_COLOR: '1' }).includes('\u001b'));
  assert.equal(run(node, { PATH: path }), 'STATE\nactive\n');
});

test('NO_COLOR is stronger than FORCE_COLOR, and nothing warns of it', () => {
  const main = new URL('../../../src/main.ts', import.meta.url).pathname;
  const env = { ...process.env, FORCE_COLOR: '1', NO_COLOR: '1' };
  const { stderr } = spawnSync(process.execPath, [main, '--root', '/nowhere', 'list'], {
    env,
    encoding: 'utf8',
  });
  assert.match(stderr, /^Error: [^\n]*\nHint: [^\n]*\n$/);
});
