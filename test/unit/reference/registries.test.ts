import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { endpointsOf } from '../../../src/reference/endpoints.ts';
import { loadRegistries } from '../../../src/reference/load-registries.ts';
import { formatReference, parseReference } from '../../../src/reference/reference.ts';
import { noRegistries, type Registries } from '../../../src/reference/registries.ts';
import { parseRegistriesConf } from '../../../src/reference/registries-conf.ts';
import { resolveShortName } from '../../../src/reference/short-name.ts';
import type { RegistrySettings } from '../../../src/settings.ts';

const NO_SETTINGS: RegistrySettings = { search: [], aliases: {}, insecure: [] };
const DIGEST = `sha256:${'ab'.repeat(32)}`;

function registriesOf(text: string): Registries {
  const file = parseRegistriesConf(text, 'registries.conf');
  return {
    search: file.search ?? [],
    aliases: file.aliases,
    shortNameMode: file.shortNameMode ?? 'permissive',
    credentialHelpers: file.credentialHelpers ?? [],
    entries: file.entries,
  };
}

function names(text: string, registries: Registries, settings = NO_SETTINGS): string[] {
  const reference = parseReference(text);
  if (reference.kind !== 'short') throw new TypeError(`${text} is no short name`);
  return resolveShortName(reference, settings, registries).map(formatReference);
}

function places(text: string, registries: Registries, settings = NO_SETTINGS): string[] {
  const reference = parseReference(text);
  if (reference.kind !== 'registry') throw new TypeError(`${text} is no full name`);
  return endpointsOf(reference, settings, registries).map(
    (endpoint) => `${formatReference(endpoint.reference)}${endpoint.insecure ? ' insecure' : ''}`,
  );
}

describe('a short name', () => {
  const conf = `
    unqualified-search-registries = ["one.example", "two.example/team"]
    [aliases]
    docker = "docker.io/library/docker"
    "team/etcd" = "three.example/etcd"
  `;
  it('is looked for in every search registry, in order', () => {
    assert.deepEqual(names('etcd:3', registriesOf(conf)), ['one.example/etcd:3', 'two.example/team/etcd:3']);
  });
  it('keeps its tag and digest when an alias stands for it', () => {
    assert.deepEqual(names('docker:24', registriesOf(conf)), ['docker.io/library/docker:24']);
    assert.deepEqual(names(`team/etcd@${DIGEST}`, registriesOf(conf)), [`three.example/etcd@${DIGEST}`]);
    assert.deepEqual(names('docker', registriesOf(conf)), ['docker.io/library/docker:latest']);
  });
  it('goes by berth.yaml before registries.conf', () => {
    const search = { ...NO_SETTINGS, search: ['own.example'] };
    assert.deepEqual(names('docker', registriesOf(conf), search), ['own.example/docker:latest']);
    const aliases = { ...search, aliases: { docker: 'own.example/special/docker' } };
    assert.deepEqual(names('docker:1', registriesOf(conf), aliases), ['own.example/special/docker:1']);
  });
  it('does not take an alias from the prototype', () => {
    assert.deepEqual(names('constructor', registriesOf(conf))[0], 'one.example/constructor:latest');
  });
  it('is refused where two registries could answer and the mode is enforcing', () => {
    const registries = registriesOf(`short-name-mode = "enforcing"\n${conf}`);
    assert.throws(() => names('etcd', registries), { code: 'short-name-unresolved' });
    assert.deepEqual(names('docker', registries), ['docker.io/library/docker:latest']);
    registries.search = ['one.example'];
    assert.deepEqual(names('etcd', registries), ['one.example/etcd:latest']);
  });
  it('is refused where nothing names a registry', () => {
    assert.throws(() => names('etcd', noRegistries()), { code: 'short-name-unresolved' });
  });
  it('is refused where its alias is no full name', () => {
    assert.throws(() => names('etcd', noRegistries(), { ...NO_SETTINGS, aliases: { etcd: 'foo' } }), {
      code: 'reference-invalid',
    });
  });
});

describe('the places of an image', () => {
  const conf = registriesOf(`
    [[registry]]
    prefix = "example.com/foo"
    location = "inner.example/bar"
    insecure = true
    [[registry.mirror]]
    location = "mirror-all.example/foo"
    [[registry.mirror]]
    location = "mirror-digest.example"
    pull-from-mirror = "digest-only"
    [[registry.mirror]]
    location = "mirror-tag.example"
    pull-from-mirror = "tag-only"

    [[registry]]
    location = "example.com"
    [[registry]]
    prefix = "example.com/foo/bad"
    blocked = true
    [[registry]]
    prefix = "*.wild.example"
    insecure = true
  `);
  it('are the image itself where nothing matches', () => {
    assert.deepEqual(places('other.example/x', conf), ['other.example/x:latest']);
  });
  it('are mirrors first, then what the longest prefix is rewritten to', () => {
    assert.deepEqual(places('example.com/foo/x:1', conf), [
      'mirror-all.example/foo/x:1',
      'mirror-tag.example/x:1',
      'inner.example/bar/x:1 insecure',
    ]);
    assert.deepEqual(places(`example.com/foo/x@${DIGEST}`, conf), [
      `mirror-all.example/foo/x@${DIGEST}`,
      `mirror-digest.example/x@${DIGEST}`,
      `inner.example/bar/x@${DIGEST} insecure`,
    ]);
  });
  it('match only at a separator', () => {
    assert.deepEqual(places('example.com/foobar', conf), ['example.com/foobar:latest']);
    assert.deepEqual(places('example.com:5000/foo/x', conf), ['example.com:5000/foo/x:latest']);
    assert.deepEqual(places('example.com.evil.example/foo/x', conf), [
      'example.com.evil.example/foo/x:latest',
    ]);
  });
  it('are none for a blocked name', () => {
    assert.throws(() => places('example.com/foo/bad', conf), { code: 'registry-blocked' });
    assert.throws(() => places('example.com/foo/bad/x', conf), { code: 'registry-blocked' });
  });
  it('know subdomains by a wildcard, without rewriting', () => {
    assert.deepEqual(places('a.b.wild.example:1/x', conf), ['a.b.wild.example:1/x:latest insecure']);
    assert.deepEqual(places('wild.example/x', conf), ['wild.example/x:latest']);
    assert.deepEqual(places('notwild.example/x', conf), ['notwild.example/x:latest']);
  });
  it('go by the longest prefix that is written, which a wildcard never is for a host that is named', () => {
    const named = registriesOf(`
      [[registry]]
      prefix = "*.wild.example"
      location = "other.example"
      [[registry]]
      location = "a.wild.example"
      blocked = true
      [[registry]]
      prefix = "*.b.wild.example"
      insecure = true
    `);
    assert.throws(() => places('a.wild.example/x', named), { code: 'registry-blocked' });
    assert.deepEqual(places('c.b.wild.example/x', named), ['c.b.wild.example/x:latest insecure']);
    assert.deepEqual(places('c.wild.example/x', named), ['other.example/x:latest']);
  });
  it('are mirrors only for digests where mirror-by-digest-only says so', () => {
    const byDigest = registriesOf(`
      [[registry]]
      location = "example.com"
      mirror-by-digest-only = true
      [[registry.mirror]]
      location = "mirror.example"
    `);
    assert.deepEqual(places('example.com/x:1', byDigest), ['example.com/x:1']);
    assert.deepEqual(places(`example.com/x:1@${DIGEST}`, byDigest), [
      `mirror.example/x:1@${DIGEST}`,
      `example.com/x:1@${DIGEST}`,
    ]);
  });
  it('are insecure where berth.yaml says so of the host', () => {
    const settings = { ...NO_SETTINGS, insecure: ['other.example:5000'] };
    assert.deepEqual(places('other.example:5000/x', conf, settings), [
      'other.example:5000/x:latest insecure',
    ]);
    assert.deepEqual(places('other.example/x', conf, settings), ['other.example/x:latest']);
  });
});

describe('parseRegistriesConf', () => {
  it('reads the lists of version 1', () => {
    const file = parseRegistriesConf(
      `[registries.search]\nregistries = ["a.b"]\n[registries.insecure]\nregistries = ["c.d"]\n[registries.block]\nregistries = ["c.d", "e.f"]`,
      'x',
    );
    assert.deepEqual(file.search, ['a.b']);
    assert.deepEqual(
      file.entries.map(({ prefix, insecure, blocked }) => ({ prefix, insecure, blocked })),
      [
        { prefix: 'c.d', insecure: true, blocked: true },
        { prefix: 'e.f', insecure: false, blocked: true },
      ],
    );
  });
  const wrong: Array<[string, RegExp]> = [
    ['a = ', /^not TOML: x: /],
    ['unqualified-search-registries = "a"', /unqualified-search-registries must be a list of strings/],
    ['unqualified-search-registries = [1]', /unqualified-search-registries must be a list of strings/],
    ['short-name-mode = "sometimes"', /short-name-mode must be one of/],
    ['aliases = 1', /aliases must be a table/],
    ['[aliases]\na = 1', /aliases\.a must be a string/],
    ['registry = {}', /registry must be a list of tables/],
    ['[[registry]]', /registry\[0\]\.prefix must be given/],
    [
      '[[registry]]\nlocation = "a.b"\n[[registry]]\nlocation = "c.d"\nblocked = "yes"',
      /registry\[1\]\.blocked must be true/,
    ],
    ['credential-helpers = ["../x"]', /credential-helpers must be names/],
    [
      '[[registry]]\nlocation = "a.b"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "c.d"\npull-from-mirror = "all"',
      /pull-from-mirror must be left out where mirror-by-digest-only is set/,
    ],
    ['[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\n', /registry\[0\]\.mirror\[0\]\.location must be/],
  ];
  for (const [text, message] of wrong) {
    it(`names the place in ${JSON.stringify(text.slice(-40))}`, () => {
      assert.throws(() => parseRegistriesConf(text, 'x'), { code: 'registries-conf-invalid', message });
    });
  }
});

describe('loadRegistries', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'berth-registries-'));
    const write = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    };
    await write(
      'etc/containers/registries.conf',
      'unqualified-search-registries = ["first.example"]\n[aliases]\na = "x.y/a"\nb = "x.y/b"',
    );
    await write(
      'etc/containers/registries.conf.d/20.conf',
      'unqualified-search-registries = ["second.example"]\n[[registry]]\nlocation = "x.y"\nblocked = true',
    );
    await write(
      'etc/containers/registries.conf.d/30.conf',
      '[aliases]\na = ""\n[[registry]]\nlocation = "x.y"\ninsecure = true',
    );
    await write('etc/containers/registries.conf.d/40.disabled', 'not read');
    await write(
      'home/.config/containers/registries.conf',
      'unqualified-search-registries = ["mine.example"]',
    );
    await write('bare/.config/containers/registries.conf.d/1.conf', '[aliases]\nc = "x.y/c"');
  });
  after(() => rm(root, { recursive: true }));

  it('lets drop-ins override by prefix, name and key', () => {
    const registries = loadRegistries(new Paths(root), {});
    assert.deepEqual(registries.search, ['second.example']);
    assert.deepEqual([...registries.aliases], [['b', 'x.y/b']]);
    assert.deepEqual(
      registries.entries.map(({ prefix, insecure, blocked }) => ({ prefix, insecure, blocked })),
      [{ prefix: 'x.y', insecure: true, blocked: false }],
    );
  });
  it("takes a person's own file instead of the system's", () => {
    const registries = loadRegistries(new Paths(), { HOME: join(root, 'home') });
    assert.deepEqual(registries.search, ['mine.example']);
    assert.equal(registries.entries.length, 0);
  });
  it("adds a person's own drop-ins to the system's", () => {
    const without = loadRegistries(new Paths(), {}).aliases;
    const { aliases } = loadRegistries(new Paths(), { HOME: join(root, 'bare') });
    assert.deepEqual([...aliases.keys()], [...without.keys(), 'c']);
  });
  it('takes nothing of a person for the system below another root', () => {
    const { search } = loadRegistries(new Paths(root), { HOME: join(root, 'home') });
    assert.deepEqual(search, ['second.example']);
  });
  it('follows symlinks below another root', async () => {
    const other = await mkdtemp(join(root, 'linked-'));
    await mkdir(join(other, 'etc'));
    await mkdir(join(other, 'conf/registries.conf.d'), { recursive: true });
    await symlink('/conf', join(other, 'etc/containers'));
    await symlink('/conf/real', join(other, 'conf/registries.conf.d/1.conf'));
    await writeFile(join(other, 'conf/real'), 'unqualified-search-registries = ["linked.example"]');
    assert.deepEqual(loadRegistries(new Paths(other), {}).search, ['linked.example']);
  });
  it('takes only the file that the environment names, which must be there', () => {
    const file = join(root, 'home/.config/containers/registries.conf');
    for (const name of ['CONTAINERS_REGISTRIES_CONF', 'REGISTRIES_CONFIG_PATH']) {
      assert.deepEqual(loadRegistries(new Paths(root), { [name]: file }).search, ['mine.example']);
    }
    assert.throws(() => loadRegistries(new Paths(root), { CONTAINERS_REGISTRIES_CONF: join(root, 'no') }), {
      code: 'registries-conf-invalid',
      message: /no such file/,
    });
  });
  it('takes the aliases that podman remembers before those of registries.conf', async () => {
    const other = await mkdtemp(join(root, 'remembered-'));
    // Where it is kept depends on who asks.
    for (const cache of ['var/cache', 'cache']) {
      await mkdir(join(other, cache, 'containers'), { recursive: true });
      await writeFile(join(other, cache, 'containers/short-name-aliases.conf'), '[aliases]\na = "z.y/a"');
    }
    await mkdir(join(other, 'etc/containers'), { recursive: true });
    await writeFile(join(other, 'etc/containers/registries.conf'), '[aliases]\na = "x.y/a"\nb = "x.y/b"');
    const { aliases } = loadRegistries(new Paths(other), { XDG_CACHE_HOME: join(other, 'cache') });
    assert.deepEqual(Object.fromEntries(aliases), { a: 'z.y/a', b: 'x.y/b' });
  });
  it('takes the credential helpers of the last file that names any', async () => {
    const other = await mkdtemp(join(root, 'helpers-'));
    const dropIns = join(other, 'etc/containers/registries.conf.d');
    await mkdir(dropIns, { recursive: true });
    const load = (): string[] => loadRegistries(new Paths(other), {}).credentialHelpers;
    assert.deepEqual(load(), ['containers-auth.json']);
    await writeFile(
      join(dropIns, '1.conf'),
      'credential-helpers = ["secretservice", "containers-auth.json"]',
    );
    await writeFile(join(dropIns, '2.conf'), 'credential-helpers = []');
    assert.deepEqual(load(), ['secretservice', 'containers-auth.json']);
  });
  it('knows nothing where there is no file', () => {
    assert.deepEqual(loadRegistries(new Paths(join(root, 'none')), {}), noRegistries());
  });
});
