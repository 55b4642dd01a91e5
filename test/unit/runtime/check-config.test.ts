import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig } from '../../../src/runtime/check-config.ts';
import { parseConfigText } from '../../../src/runtime/oci-config.ts';
import { cgroupsPath, prepareConfig } from '../../../src/runtime/prepare-config.ts';

const good = () => ({
  ociVersion: '1.0.2',
  root: { path: 'rootfs', readonly: true },
  process: { args: ['/bin/x'], cwd: '/', env: ['A=b'], user: { uid: 0, gid: 0 } } as Record<string, unknown>,
  mounts: [] as unknown[],
  hooks: {} as Record<string, unknown>,
  linux: { namespaces: [{ type: 'mount' }] } as Record<string, unknown>,
});

function refuses(change: (config: ReturnType<typeof good>) => void, message: RegExp): void {
  const config = good();
  change(config);
  assert.throws(() => checkConfig(config), { code: 'runtime-config-invalid', message });
}

const withMount = (mount: unknown) => (config: ReturnType<typeof good>) => void config.mounts.push(mount);
const bind = (destination: string, source: string, ...options: string[]) => ({
  destination,
  source,
  type: 'bind',
  options: ['rbind', ...options],
});

test('a plain config passes without a warning', () => {
  assert.deepEqual(checkConfig(good()).warnings, []);
});

test('the root is the checkout, and read-only', () => {
  refuses((config) => Object.assign(config, { root: undefined }), /root: missing/);
  refuses((config) => Object.assign(config.root, { path: '/' }), /root\.path/);
  refuses((config) => Object.assign(config.root, { path: '../0/rootfs' }), /root\.path/);
  refuses((config) => Object.assign(config.root, { readonly: false }), /root\.readonly/);
  refuses((config) => Object.assign(config.root, { readonly: 'true' }), /root\.readonly/);
});

test('there is a command, and it runs in a directory of the image', () => {
  refuses((config) => Object.assign(config.process, { args: [] }), /process\.args/);
  refuses((config) => Object.assign(config.process, { args: ['a', 1] }), /process\.args/);
  refuses((config) => Object.assign(config.process, { env: ['A'] }), /process\.env/);
  refuses((config) => Object.assign(config.process, { terminal: true }), /process\.terminal/);
  refuses((config) => Object.assign(config.process, { user: { uid: -1 } }), /process\.user/);
  for (const cwd of ['', 'x', '/proc/self/fd/7', '/proc', '/x/../proc/self', '//proc', '/x/./y', undefined]) {
    refuses((config) => Object.assign(config.process, { cwd }), /process\.cwd/);
  }
});

test('an image has no hooks on the host, unless a person allows them', () => {
  const config = good();
  config.hooks = { prestart: [{ path: '/bin/sh' }], poststop: [] };
  assert.throws(() => checkConfig(config), { code: 'runtime-config-invalid', message: /hooks\.prestart/ });
  checkConfig(config, { allowHooks: true });
});

test('no member in another case slips past, which runc would read all the same', () => {
  const hooks = { createRuntime: [{ path: '/bin/sh' }] };
  refuses((config) => Object.assign(config, { Hooks: hooks }), /"Hooks" would be read as "hooks"/);
  refuses((config) => Object.assign(config, { 'hoo\u212as': hooks }), /would be read as "hooks"/);
  refuses((config) => Object.assign(config, { 'hook\u017f': hooks }), /would be read as "hooks"/);
  refuses((config) => Object.assign(config, { Root: { path: '/' } }), /"Root"/);
  refuses((config) => Object.assign(config, { LINUX: {} }), /"LINUX"/);
  refuses((config) => Object.assign(config.root, { ReadOnly: false }), /root: "ReadOnly"/);
  refuses((config) => Object.assign(config.process, { Cwd: '/proc/self/fd/7' }), /process: "Cwd"/);
  refuses((config) => Object.assign(config.process, { user: { UID: 0 } }), /process\.user: "UID"/);
  refuses((config) => Object.assign(config.linux, { CgroupsPath: '/' }), /linux: "CgroupsPath"/);
  refuses(withMount({ destination: '/x', Source: '/var/lib/berth', type: 'bind' }), /"Source"/);
  checkConfig({ ...good(), annotations: { Hooks: 'a', Root: 'b' } });
});

test('no mount namespace of the host is joined', () => {
  const joined = [{ type: 'mount', path: '/proc/1/ns/mnt' }];
  refuses((config) => Object.assign(config.linux, { namespaces: joined }), /without a path/);
  const spelt = [{ type: 'mount', Path: '/proc/1/ns/mnt' }];
  refuses((config) => Object.assign(config.linux, { namespaces: spelt }), /"Path"/);
});

test('a stage of hooks cannot write to the terminal', () => {
  refuses((config) => Object.assign(config.hooks, { '\u001b[2J': [{}] }), /^\P{Cc}*$/u);
});

test('so many mounts that comparing them takes minutes are refused', () => {
  const mounts = Array.from({ length: 50_000 }, (_, index) => ({ destination: `/${index}`, type: 'tmpfs' }));
  refuses((config) => Object.assign(config, { mounts }), /more than 1000/);
});

test('nothing of berth is mounted into a service', () => {
  refuses(withMount(bind('/x', '/var/lib/berth')), /belongs to berth/);
  refuses(withMount(bind('/x', '/var/lib//berth/store/', 'ro')), /belongs to berth/);
  refuses(withMount(bind('/x', '/var/lib/./berth/deployments/b')), /belongs to berth/);
  refuses(withMount(bind('/x', '/srv/../var/lib/berth')), /"\.\."/);
  const overlay = { destination: '/x', type: 'overlay', options: ['lowerdir=/var/lib/berth/store'] };
  refuses(withMount(overlay), /belongs to berth/);
});

test('a mount above the store is read-only or warned of', () => {
  const config = good();
  config.mounts = [
    bind('/host', '/'),
    bind('/lib', '/var/lib'),
    bind('/ro', '/', 'ro'),
    bind('/rw', '/', 'ro', 'rw'),
    bind('/l', '/var/lib/web'),
  ];
  assert.equal(checkConfig(config).warnings.length, 3);
});

test('the kernel trees are what they seem', () => {
  refuses(withMount({ destination: '/proc', type: 'tmpfs', source: 'x' }), /\/proc must be/);
  refuses(withMount(bind('/proc', '/srv/proc')), /\/proc must be/);
  refuses(withMount(bind('/sys/', '/srv')), /\/sys must be/);
  refuses(
    withMount({ destination: '/dev', type: 'tmpfs', source: '/srv', options: ['bind'] }),
    /\/dev must be/,
  );
  refuses(withMount(bind('/proc/self/attr', '/srv')), /nothing may be mounted at/);
  const config = good();
  config.mounts = [
    { destination: '/proc', type: 'proc' },
    { destination: '/dev', type: 'tmpfs', options: null },
    bind('/sys', '/sys'),
    bind('/proc/uptime', '/var/lib/lxcfs/proc/uptime'),
  ];
  checkConfig(config);
});

test('mounts have the shape that a runtime reads', () => {
  refuses((config) => Object.assign(config, { mounts: {} }), /mounts: must be a list/);
  for (const mount of [
    null,
    'x',
    {},
    { destination: 'x' },
    { destination: '/' },
    { destination: '/a/../b' },
    { destination: '/a', options: 'ro' },
    { destination: '/a\n' },
    bind('/a', 'relative'),
  ]) {
    refuses(withMount(mount), /mounts\[0\]/);
  }
});

test('a shared root is warned of, an unknown propagation and a missing mount namespace are refused', () => {
  refuses((config) => Object.assign(config.linux, { rootfsPropagation: 'wide' }), /rootfsPropagation/);
  refuses((config) => Object.assign(config.linux, { namespaces: [{ type: 'pid' }] }), /namespaces/);
  const config = good();
  Object.assign(config.linux, { rootfsPropagation: 'shared' });
  assert.match(checkConfig(config).warnings.join(), /shared/);
});

test('what is no JSON object is refused by name', () => {
  for (const text of ['', '[]', 'null', '{"a": $X}']) {
    assert.throws(() => parseConfigText(text, 'config.json.template'), {
      code: 'runtime-config-invalid',
      message: /config\.json\.template/,
    });
  }
});

test('a container runs in a child of its unit, and what berth does not set stays', () => {
  const { config } = checkConfig({ ...good(), ociVersion: undefined, annotations: { a: 'b' } });
  const prepared = prepareConfig(config, { unit: 'web.service' });
  assert.equal(prepared.linux?.cgroupsPath, '/system.slice/web.service/payload');
  assert.equal(prepared.ociVersion, '1.0.2');
  assert.deepEqual(prepared['annotations'], { a: 'b' });
  assert.equal(
    cgroupsPath('a@b.service', 'system-a.slice'),
    '/system.slice/system-a.slice/a@b.service/payload',
  );
  assert.equal(cgroupsPath('a.service', '-.slice'), '/a.service/payload');
  for (const slice of ['../../x.slice', 'a/../../b.slice', '%i.slice', 'a.slice b.slice', '']) {
    assert.throws(() => cgroupsPath('a.service', slice), { code: 'runtime-config-invalid' }, slice);
  }
});
