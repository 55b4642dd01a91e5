import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeFifo } from '../../../src/linux/node.ts';
import { Paths } from '../../../src/paths.ts';
import { Credentials } from '../../../src/transport/registry/auth/credentials.ts';
import { GivenAuthFile } from '../../../src/transport/registry/auth/given-auth-file.ts';

function auth(text: string): { auth: string } {
  return { auth: Buffer.from(text).toString('base64') };
}

function user(name: string): object {
  return { kind: 'password', username: name, password: 'p:w' };
}

describe('Credentials', () => {
  let root: string;
  let env: NodeJS.ProcessEnv;
  const write = async (path: string, content: unknown): Promise<string> => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  const named = (file: string): Credentials => new Credentials(new Paths(root), env, new GivenAuthFile(file));

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'berth-credentials-'));
    env = {
      XDG_RUNTIME_DIR: join(root, 'run'),
      HOME: join(root, 'home'),
      PATH: `${join(root, 'bin')}:/usr/bin:/bin`,
    };
    await write('run/containers/auth.json', {
      auths: { 'one.example': auth('run:p:w'), 'empty.example': {} },
    });
    await write('home/.config/containers/auth.json', {
      auths: {
        'one.example': auth('config:p:w'),
        'two.example': auth('config:p:w'),
        'empty.example': auth('config:p:w'),
      },
    });
    await write('home/.docker/config.json', {
      auths: {
        'two.example': auth('docker:p:w'),
        'https://three.example/v1/': auth('docker:p:w'),
        'https://index.docker.io/v1/': auth('hub:p:w'),
      },
    });
    const helper = await write(
      'bin/docker-credential-fake',
      `#!/bin/sh
read -r host
case "$host" in
  known.example) echo '{"ServerURL":"x","Username":"helped","Secret":"p:w"}' ;;
  token.example) echo '{"Username":"<token>","Secret":"refresh"}' ;;
  https://index.docker.io/v1/) echo '{"Username":"hub","Secret":"p:w"}' ;;
  broken.example) echo 'secret rubbish' ;;
  failing.example) echo 'the keyring is locked'; exit 1 ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`,
    );
    await chmod(helper, 0o755);
  });
  after(() => rm(root, { recursive: true }));

  it('come from the first of the usual files that has any for the registry', async () => {
    const credentials = new Credentials(new Paths(root), env, undefined);
    assert.deepEqual(await credentials.find('one.example', 'x'), user('run'));
    assert.deepEqual(await credentials.find('two.example', 'x'), user('config'));
    assert.deepEqual(await credentials.find('three.example', 'x'), user('docker'));
    assert.deepEqual(await credentials.find('empty.example', 'x'), user('config'));
    assert.deepEqual(await credentials.find('docker.io', 'library/x'), user('hub'));
    assert.equal(await credentials.find('four.example', 'x'), undefined);
    assert.equal(credentials.primary, join(root, 'run/containers/auth.json'));
  });
  it('come from where the environment has those folders', async () => {
    await write('docker/config.json', { auths: { 'one.example': auth('docker:p:w') } });
    await write('xdg/containers/auth.json', { auths: { 'one.example': auth('xdg:p:w') } });
    const of = (more: NodeJS.ProcessEnv): Promise<unknown> =>
      new Credentials(new Paths(join(root, 'none')), { ...more }, undefined).find('one.example', 'x');
    const moved = { DOCKER_CONFIG: join(root, 'docker'), HOME: join(root, 'nobody') };
    assert.deepEqual(await of(moved), user('docker'));
    assert.deepEqual(await of({ ...moved, XDG_CONFIG_HOME: join(root, 'xdg') }), user('xdg'));
  });
  it('come from below the root where there is no XDG_RUNTIME_DIR', async () => {
    const file = await write(`run/containers/${process.getuid?.()}/auth.json`, {
      auths: { 'one.example': auth('uid:p:w') },
    });
    const credentials = new Credentials(new Paths(root), {}, undefined);
    assert.deepEqual(await credentials.find('one.example', 'x'), user('uid'));
    assert.equal(credentials.primary, file);
  });
  it('come from the named file only', async () => {
    const file = await write('named.json', { auths: { 'four.example': auth('named:p:w') } });
    assert.equal(await named(file).find('one.example', 'x'), undefined);
    assert.deepEqual(await named(file).find('four.example', 'x'), user('named'));
    const byEnv = GivenAuthFile.find(undefined, { REGISTRY_AUTH_FILE: file });
    assert.deepEqual(
      await new Credentials(new Paths(root), env, byEnv).find('four.example', 'x'),
      user('named'),
    );
    assert.equal(named(file).loginCommand('one.example'), `berth login --authfile ${file} one.example`);
    makeFifo(join(root, 'pipe'), 0o600);
    assert.equal(named(join(root, 'pipe')).loginCommand('one.example'), 'berth login one.example');
    assert.equal(GivenAuthFile.find('/other', { REGISTRY_AUTH_FILE: file })?.file, '/other');
    await assert.rejects(named(join(root, 'absent.json')).find('four.example', 'x'), {
      code: 'auth-file-invalid',
    });
  });
  it('are those of the longest namespace', async () => {
    const file = await write('spaces.json', {
      auths: {
        'a.b': auth('host:p:w'),
        'a.b/team': auth('team:p:w'),
        'a.b/team/app': auth('app:p:w'),
        'a.b/te': auth('no:p:w'),
      },
    });
    assert.deepEqual(await named(file).find('a.b', 'team/app'), user('app'));
    assert.deepEqual(await named(file).find('a.b', 'team/app/part'), user('app'));
    assert.deepEqual(await named(file).find('a.b', 'team/other'), user('team'));
    assert.deepEqual(await named(file).find('a.b', 'tea'), user('host'));
    assert.equal(await named(file).find('a.b:5000', 'team/app'), undefined);
  });
  it('may be an identity token', async () => {
    const file = await write('identity.json', {
      auths: { 'a.b': { ...auth('u:'), identitytoken: 'refresh' } },
    });
    assert.deepEqual(await named(file).find('a.b', 'x'), { kind: 'identity', token: 'refresh' });
  });
  it("are asked of a registry's own helper instead of the entries", async () => {
    const file = await write('helpers.json', {
      auths: { 'known.example': auth('entry:p:w'), 'unknown.example': auth('entry:p:w') },
      credHelpers: {
        'known.example': 'fake',
        'token.example': 'fake',
        'unknown.example': 'fake',
        'docker.io': 'fake',
      },
    });
    assert.deepEqual(await named(file).find('known.example', 'x'), user('helped'));
    assert.deepEqual(await named(file).find('token.example', 'x'), { kind: 'identity', token: 'refresh' });
    assert.deepEqual(await named(file).find('docker.io', 'x'), user('hub'));
    assert.equal(await named(file).find('unknown.example', 'x'), undefined);
  });
  it('are asked of the general store after the entries', async () => {
    const file = await write('store.json', {
      auths: { 'a.b': auth('entry:p:w'), 'known.example': {} },
      credsStore: 'fake',
    });
    assert.deepEqual(await named(file).find('a.b', 'x'), user('entry'));
    assert.deepEqual(await named(file).find('known.example', 'x'), user('helped'));
    assert.equal(await named(file).find('c.d', 'x'), undefined);
  });

  it('are asked of the helpers of registries.conf in their order', async () => {
    const file = await write('order.json', {
      auths: { 'known.example': auth('entry:p:w'), 'a.b': auth('entry:p:w') },
    });
    const ordered = (...helpers: string[]): Credentials =>
      new Credentials(new Paths(root), env, new GivenAuthFile(file), helpers);
    const first = ordered('fake', 'containers-auth.json');
    assert.deepEqual(await first.find('known.example', 'x'), user('helped'));
    assert.deepEqual(await first.find('a.b', 'x'), user('entry'));
    assert.deepEqual(await ordered('containers-auth.json', 'fake').find('known.example', 'x'), user('entry'));
    assert.equal(await ordered('fake').find('a.b', 'x'), undefined);
    await assert.rejects(first.find('failing.example', 'x'), { code: 'auth-file-invalid' });
  });

  const wrong: Array<[string, unknown]> = [
    ['no JSON', '{"auths": {"a.b": {"auth": "c2VjcmV0"'],
    ['a list', []],
    ['auths that are a list', { auths: [] }],
    ['an entry that is text', { auths: { 'a.b': 'c2VjcmV0' } }],
    ['an auth that is a number', { auths: { 'a.b': { auth: 5 } } }],
    ['an auth without a colon', { auths: { 'a.b': auth('secret') } }],
    ['a helper that is a path', { credHelpers: { 'a.b': '../../bin/sh' } }],
    ['a helper that is not there', { credHelpers: { 'a.b': 'absent' } }],
    ['a helper whose answer is rubbish', { credHelpers: { 'broken.example': 'fake' } }],
    ['a helper that fails', { credHelpers: { 'failing.example': 'fake' } }],
  ];
  for (const [what, content] of wrong) {
    it(`are refused with ${what}, and no message has a secret`, async () => {
      const file = await write('wrong.json', content);
      const domain = /(broken|failing)\.example/.exec(JSON.stringify(content))?.[0] ?? 'a.b';
      await assert.rejects(named(file).find(domain, 'x'), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'auth-file-invalid');
        assert.doesNotMatch(error.message, /secret|c2VjcmV0/);
        return true;
      });
    });
  }
});
