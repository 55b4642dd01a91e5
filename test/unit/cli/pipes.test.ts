import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { execa } from 'execa';
import { makeFifo } from '../../../src/linux/node.ts';
import { scratch } from '../layer/scratch.ts';
import { FakeRegistry, fail } from '../transport/fake-registry.ts';
import { runBerth } from './run-berth.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');

const CONF = /cannot read: .*\.conf: .*not a regular file/;

/** Files that a host may have, with commands that read them. */
const FILES: [file: string, command: string[], says: RegExp][] = [
  ['/etc/berth/berth.yaml', ['pull', 'localhost:9/x'], /cannot read: .*berth\.yaml: .*not a regular file/],
  ['/etc/containers/registries.conf', ['pull', 'x'], CONF],
  ['/etc/containers/registries.conf.d/a.conf', ['pull', 'x'], CONF],
  ['/etc/berth/host.yaml', ['apply'], /host\.yaml.*not a regular file/],
  ['/etc/berth/host.lock', ['apply', '--dry-run'], /host\.lock.*not a regular file/],
  ['/var/lib/berth/store/images.json', ['images'], /images\.json: not a regular file/],
];

/** In a process of its own: one that waited here would be this one. */
async function berth(root: string, ...command: string[]): Promise<{ stderr: string }> {
  const { stderr, timedOut } = await execa(process.execPath, [MAIN, '--root', root, ...command], {
    reject: false,
    timeout: 60_000,
  });
  assert.equal(timedOut, false);
  return { stderr };
}

describe('a pipe where berth looks for a file', () => {
  for (const [file, command, says] of FILES) {
    it(`is no reason to wait: ${file}`, async (context) => {
      const root = scratch(context);
      mkdirSync(dirname(join(root, file)), { recursive: true });
      mkdirSync(join(root, 'etc/berth'), { recursive: true });
      writeFileSync(join(root, 'etc/berth/host.yaml'), 'version: 1\nservices: {}\n');
      rmSync(join(root, file), { force: true });
      makeFifo(join(root, file), 0o600);
      const { stderr } = await berth(root, ...command);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /unexpected/);
    });
  }
  it('is no reason to wait: an auth file', async (context) => {
    const file = join(scratch(context), 'auth.json');
    makeFifo(file, 0o600);
    const { stderr } = await berth(scratch(context), 'logout', '--authfile', file, 'localhost:9');
    assert.match(stderr, /^Error: cannot read: .*auth\.json: .*not a regular file/m);
  });
});

describe('a pipe that the command line names', () => {
  it('has the credentials for all images of a command', async (context) => {
    await using registry = await FakeRegistry.start();
    const images = ['a', 'b'].map((name) => {
      registry.addImage(name, '1', {});
      return `${registry.host}/${name}:1`;
    });
    const auth = Buffer.from('me:secret').toString('base64');
    registry.intercept(/^/, ({ headers }, response) => {
      if (headers.authorization === `Basic ${auth}`) return false;
      response.setHeader('WWW-Authenticate', 'Basic realm="x"');
      fail(response, 401, 'UNAUTHORIZED', 'who are you');
      return true;
    });
    const pipe = makePipe(context);
    const [{ status, stderr }] = await Promise.all([
      runBerth(['--root', scratch(context), 'pull', '--authfile', pipe, ...images]),
      writeFile(pipe, JSON.stringify({ auths: { [registry.host]: { auth } } })),
    ]);
    assert.equal(status, 0, stderr);
  });

  it('has a host.yaml, unless anybody may write to it', async (context) => {
    const pipe = makePipe(context);
    const apply = ['--root', scratch(context), 'apply', '-f', pipe];
    const [{ stderr }] = await Promise.all([
      runBerth(apply),
      writeFile(pipe, 'version: 1\nservices: { web: {} }\n'),
    ]);
    assert.match(stderr, /the pipe \/.*pipe:2:\d+: services\.web\.image is missing/);
    chmodSync(pipe, 0o602);
    assert.match((await runBerth(apply)).stderr, /pipe:1:1: any user may write to it/);
  });

  it('is not there at a boot', async (context) => {
    const pipe = makePipe(context);
    for (const option of ['--file', '--authfile']) {
      for (const path of [pipe, '/dev/stdin', '/proc/self/fd/0']) {
        const args = ['--root', scratch(context), 'apply', '--enable-boot', option, path];
        const { status, stderr } = await runBerth(args);
        assert.deepEqual(
          [status, stderr.includes(`a boot has no such file: ${option} ${path}\n`)],
          [2, true],
          stderr,
        );
      }
    }
  });
});

function makePipe(context: TestContext): string {
  const pipe = join(scratch(context), 'pipe');
  makeFifo(pipe, 0o600);
  return pipe;
}
