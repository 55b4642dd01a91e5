import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBerth } from './run-berth.ts';

test('a command that is misspelt is a usage error that names the nearest', async () => {
  assert.deepEqual(await runBerth(['instal']), {
    status: 2,
    stdout: '',
    stderr: "Error: unknown command 'instal'\nHint: berth install\n",
  });
});

test('an option that is misspelt is answered with the whole line as it was meant', async () => {
  const { status, stderr } = await runBerth(['install', '--nwo', "it's"]);
  assert.equal(status, 2);
  assert.equal(stderr, "Error: unknown option '--nwo'\nHint: berth install --now 'it'\\''s'\n");
});

test('an option of the command to be run is answered with the -- that was left out', async () => {
  for (const [words, hint] of [
    [['exec', '-it', 'web', 'ls', '-l'], 'berth exec -it web -- ls -l'],
    [['exec', '-u', 'root', 'ls', 'ls', '-l', '-a'], 'berth exec -u root ls -- ls -l -a'],
    [['run', 'httpd', 'sh', '-c', 'exit 3'], "berth run httpd -- sh -c 'exit 3'"],
    [['exec', '-l', 'web', 'ls'], 'berth exec --help'],
    [['exec', 'web', 'ls', '-i', '-l'], 'berth exec --help'],
  ] as const) {
    const { status, stderr } = await runBerth([...words]);
    assert.equal(status, 2);
    assert.match(stderr, /^Error: unknown option '-[lc]'\n/);
    assert.equal(stderr.split('\n')[1], `Hint: ${hint}`);
  }
});

test('of several that are as near all are named', async () => {
  assert.deepEqual(await runBerth(['pulh']), {
    status: 2,
    stdout: '',
    stderr: "Error: unknown command 'pulh': did you mean pull or push?\nHint: berth --help\n",
  });
});

test('there is no help for what is no command', async () => {
  for (const args of [
    ['help', 'lst'],
    ['lst', '--help'],
  ]) {
    const { status, stdout, stderr } = await runBerth(args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^Error: unknown command 'lst'\n/);
  }
});

test('help about a command is its help, below another one too', async () => {
  for (const words of [['list'], ['images', 'rm']]) {
    assert.deepEqual(await runBerth(['help', ...words]), await runBerth([...words, '--help']));
  }
});

test('a command of systemctl or podman is answered with the one to use', async () => {
  const { status, stderr } = await runBerth(['start', 'web']);
  assert.equal(status, 2);
  assert.equal(stderr, "Error: unknown command 'start'\nHint: systemctl start web\n");
});

test('an argument that is missing is a usage error that points to help', async () => {
  assert.deepEqual(await runBerth(['install']), {
    status: 2,
    stdout: '',
    stderr: "Error: missing required argument 'image'\nHint: berth install --help\n",
  });
});

test('the help that is pointed to is that of the command below another one', async () => {
  assert.match((await runBerth(['images', 'rm'])).stderr, /^Hint: berth images rm --help$/m);
});

test('help fits into 80 columns', async () => {
  const { stdout } = await runBerth(['--help']);
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.length > 80),
    [],
  );
});

test('an option that may be repeated shows no default', async () => {
  const { stdout } = await runBerth(['install', '--help']);
  assert.doesNotMatch(stdout, /\[\]/);
});

test('help that was asked for is data, and no error', async () => {
  const { status, stdout, stderr } = await runBerth(['install', '--help']);
  assert.equal(status, 0);
  assert.match(stdout, /--dry-run/);
  assert.equal(stderr, '');
});

test('no command at all prints help and is a usage error', async () => {
  const { status, stdout, stderr } = await runBerth([]);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^Usage: berth/);
});

test('a root that is not there is a usage error', async () => {
  assert.deepEqual(await runBerth(['--root', '/no/such', 'list']), {
    status: 2,
    stdout: '',
    stderr:
      'Error: no such directory: --root /no/such\nHint: check the spelling, or make it: mkdir /no/such\n',
  });
});
