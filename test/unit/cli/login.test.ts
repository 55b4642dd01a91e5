import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { run } from '../../../src/cli/program.ts';
import { scratch } from '../layer/scratch.ts';
import { FakeRegistry, fail, send } from '../transport/fake-registry.ts';
import { type BerthRun, runBerth } from './run-berth.ts';

const BASIC = `Basic ${Buffer.from('me:se:cret').toString('base64')}`;

/** A registry that wants a name and a password. */
async function guarded(): Promise<FakeRegistry> {
  const registry = await FakeRegistry.start();
  registry.intercept(/^\/v2\/$/, (request, response) => {
    if (request.headers.authorization === BASIC) return false;
    response.setHeader('WWW-Authenticate', 'Basic realm="x"');
    fail(response, 401, 'UNAUTHORIZED', 'who are you');
    return true;
  });
  return registry;
}

function login(root: string, registry: string, ...more: string[]): Promise<BerthRun> {
  const args = ['--root', root, 'login', '-u', 'me', '--password-stdin', registry, ...more];
  return runBerth(args, { input: 'se:cret\n', env: { HOME: root, PATH: `${root}/bin:/usr/bin:/bin` } });
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

const AUTH = { auth: Buffer.from('me:se:cret').toString('base64') };

describe('berth login', () => {
  it('keeps a credential that the registry takes, for its owner’s eyes only', async (context) => {
    await using registry = await guarded();
    const root = scratch(context);
    const { status, stdout, stderr } = await login(root, registry.host);
    const file = join(root, 'run/containers/0/auth.json');
    assert.deepEqual([status, stdout], [0, ''], stderr);
    assert.match(stderr, new RegExp(`^logged in to ${registry.host} as me: kept by ${file}\n`));
    assert.deepEqual(read(file), { auths: { [registry.host]: AUTH } });
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
  it('keeps nothing that the registry refuses, and shows no password', async (context) => {
    await using registry = await guarded();
    const root = scratch(context);
    const file = join(root, 'auth.json');
    const args = ['--root', root, 'login', '-u', 'me', '--password-stdin', registry.host, '--authfile', file];
    const { status, stderr } = await runBerth(args, { input: 'wrong-secret' });
    assert.equal(status, 1);
    assert.match(stderr, /^Error: the credential is refused: 127\.0\.0\.1:\d+/);
    assert.doesNotMatch(stderr, /wrong-secret/);
    assert.throws(() => statSync(file), { code: 'ENOENT' });
  });
  it('gets a token where the registry wants one, without asking for rights', async (context) => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/^\/v2\/$/, (request, response) => {
      if (request.headers.authorization === 'Bearer good') return false;
      const realm = `http://${registry.host}/token`;
      response.setHeader('WWW-Authenticate', `Bearer realm="${realm}",service="x"`);
      fail(response, 401, 'UNAUTHORIZED', 'who are you');
      return true;
    });
    registry.intercept(/^\/token/, (request, response) => {
      if (request.headers.authorization !== BASIC) return false;
      send(response, Buffer.from('{"token":"good"}'));
      return true;
    });
    const root = scratch(context);
    assert.equal((await login(root, registry.host)).status, 0);
    assert.deepEqual(
      registry.seen(/^\/token/).map(({ url }) => url),
      ['/token?service=x&account=me'],
    );
  });
  it('leaves alone what else the file says, and keeps namespaces apart', async (context) => {
    await using registry = await guarded();
    const root = scratch(context);
    const file = join(root, 'auth.json');
    const before = { auths: { 'other.example': { auth: 'eDp5' } }, proxies: { default: {} } };
    writeFileSync(file, JSON.stringify(before), { mode: 0o644 });
    const key = `${registry.host}/team`;
    assert.equal((await login(root, key, '--authfile', file)).status, 0);
    assert.deepEqual(read(file), { ...before, auths: { ...before.auths, [key]: AUTH } });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await runBerth(['--root', root, 'logout', key, '--authfile', file]);
    assert.deepEqual(read(file), before);
  });
  it('hands the credential to the helper that the file names', async (context) => {
    await using registry = await guarded();
    const root = scratch(context);
    mkdirSync(join(root, 'bin'));
    const helper = join(root, 'bin/docker-credential-test');
    writeFileSync(helper, `#!/bin/sh\necho "$1 $(cat)" >>${root}/log\n`);
    chmodSync(helper, 0o755);
    const file = join(root, 'auth.json');
    writeFileSync(file, JSON.stringify({ credHelpers: { [registry.host]: 'test' } }));
    const { status, stderr } = await login(root, registry.host, '--authfile', file);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /kept by docker-credential-test/);
    assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(AUTH.auth));
    const [line = ''] = readFileSync(join(root, 'log'), 'utf8').split('\n');
    assert.equal(line.slice(0, 6), 'store ');
    assert.deepEqual(JSON.parse(line.slice(6)), {
      ServerURL: registry.host,
      Username: 'me',
      Secret: 'se:cret',
    });
    const namespace = await login(root, `${registry.host}/team`, '--authfile', file);
    assert.equal(namespace.status, 2);
  });
  it('says so when the registry asks for nothing', async (context) => {
    await using registry = await FakeRegistry.start();
    const { status, stderr } = await login(scratch(context), registry.host);
    assert.equal(status, 0);
    assert.match(stderr, /^Warning: .*asks for no credentials/);
  });
  it('asks nobody without a terminal', async (context) => {
    const root = scratch(context);
    for (const args of [
      ['registry.example'],
      ['-u', 'me', 'registry.example'],
      ['--password-stdin', 'registry.example'],
    ]) {
      const { status, stderr } = await runBerth(['--root', root, 'login', ...args]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, /no terminal\nHint: berth --root \S+ login --username (NAME|me) --password-stdin/);
    }
  });
  it('does not wait for a password when it is interrupted', async (context) => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const args = ['--root', scratch(context), 'login', '-u', 'me', '--password-stdin', 'registry.example'];
    const status = await run(args, { ...streams, env: {} }, AbortSignal.timeout(100));
    assert.equal(status, 130);
  });
  it('wants a registry, not an image', async (context) => {
    for (const name of ['web', 'registry.example/web:1', 'http://registry.example', '']) {
      assert.equal((await login(scratch(context), name)).status, 2, name);
    }
  });
});

describe('berth logout', () => {
  it('forgets one, or all, however docker wrote them', async (context) => {
    const root = scratch(context);
    const file = join(root, 'auth.json');
    const logout = (...args: string[]) => runBerth(['--root', root, 'logout', '--authfile', file, ...args]);
    const auths = { 'https://index.docker.io/v1/': AUTH, 'a.example': AUTH, 'b.example/team': AUTH };
    writeFileSync(file, JSON.stringify({ auths, credsStore: '' }));
    assert.equal((await logout('docker.io')).stderr, 'logged out of docker.io\n');
    assert.match((await logout('docker.io')).stderr, /^not logged in to docker\.io/);
    const { 'https://index.docker.io/v1/': _, ...rest } = auths;
    assert.deepEqual(read(file), { auths: rest, credsStore: '' });
    assert.equal((await logout('--all')).stderr, 'logged out of a.example\nlogged out of b.example/team\n');
    assert.deepEqual(read(file), { auths: {}, credsStore: '' });
  });
  it('says when another file still has credentials', async (context) => {
    const root = scratch(context);
    const file = join(root, '.config/containers/auth.json');
    mkdirSync(join(root, '.config/containers'), { recursive: true });
    writeFileSync(file, JSON.stringify({ auths: { 'a.example': AUTH } }));
    const { status, stderr } = await runBerth(['--root', root, 'logout', 'a.example'], {
      env: { HOME: root },
    });
    assert.equal(status, 0);
    assert.match(stderr, /^Warning: there are still credentials for a\.example/m);
  });
});
