import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BerthError } from '../../../src/errors.ts';
import { ScratchHost } from './scratch-host.ts';

/** A kind of mistake, a host.yaml that makes it, where "▸" stands before the mistake, and what is said. */
type Case = [kind: string, text: string, says: string];

const web = (...lines: string[]) =>
  servicesOf('  web:', '    image: registry.example.com/httpd', ...lines.map((line) => `    ${line}`));
const servicesOf = (...lines: string[]) => ['version: 1', 'services:', ...lines, ''].join('\n');

const YAML: Case[] = [
  [
    'a tab',
    'version: 1\nservices:\n▸\tweb: {}\n',
    'not YAML: a tab at the beginning of a line: indent with spaces',
  ],
  [
    'a repeated key',
    web('▸image: registry.example.com/nginx'),
    'the key "image" is there twice: leave one out; the first is in line 4',
  ],
  [
    'a list without its end',
    'version: 1\ninclude: [a.yaml\n▸',
    'not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['a text without its end', 'version: 1\nservices: {web: {image: "x}}▸', 'not YAML: Missing closing "quote'],
  ['two colons', web('update: ▸apply: now'), 'not YAML: Nested mappings are not allowed in compact mappings'],
  [
    'uneven indentation',
    `${web('values:', '    A: 1')}▸     B: 2\n`,
    'not YAML: All mapping items must start at the same column',
  ],
  ['a control character', 'version: 1\n# ▸\u0007\n', 'the control character U+0007: leave it out'],
  [
    'a second document',
    'version: 1\n▸---\nversion: 1\n',
    'not YAML: a second document: write one file each, or leave out "---"',
  ],
  [
    'an alias',
    servicesOf('  a: &a {image: registry.example.com/httpd}', '  b: ▸*a'),
    'an alias: "*a": write the value out',
  ],
  ['a tag', web('update: !!str ▸apply'), 'a tag: "tag:yaml.org,2002:str": leave it out'],
  ['a merge key', web('▸<<: {enabled: true}'), 'a merge key: write the keys out'],
  [
    'a key that is a list',
    'version: 1\nservices: {▸[a]: {}}\n',
    'not a key: a key is a text, without a tag or an alias',
  ],
  [
    'another version of YAML',
    '▸%YAML 1.1\n---\nversion: 1\n',
    'a %YAML directive: leave it out, the file is YAML 1.2',
  ],
];

const TOP: Case[] = [
  ['a list instead of a mapping', '▸- version: 1\n', 'the file must be a mapping, not a list'],
  ['an empty file', '▸', 'the file must be a mapping, not empty'],
  ['no version', '▸services: {}\n', 'version is missing: it must be 1'],
  ['another version', 'version: ▸2\n', 'version must be 1, not 2'],
  ['a misspelt key', 'version: 1\n▸service: {}\n', 'unknown key "service": did you mean services?'],
  [
    'an unknown key',
    'version: 1\n▸networks: {}\n',
    'unknown key "networks": known here are $schema, version, include, environment, services',
  ],
  ['a list of services', 'version: 1\nservices: ▸[web]\n', 'services must be a mapping, not a list'],
];

const SERVICE: Case[] = [
  [
    'a name that is none',
    servicesOf('  ▸my web: {image: registry.example.com/httpd}'),
    'services."my web": not a service name: "my web": use letters, digits, ".", "_" and "-", at most 128 of them, beginning with a letter or a digit; NAME@INSTANCE is one of several instances',
  ],
  [
    'the name of a unit',
    servicesOf('  ▸web.service: {image: registry.example.com/httpd}'),
    'services.web.service: not a service name: "web.service": the name of a unit: leave out .service',
  ],
  [
    'a misspelt key of a service',
    servicesOf('  web: {image: registry.example.com/httpd, ▸enable: true}'),
    'services.web: unknown key "enable": did you mean enabled?',
  ],
  ['no image', servicesOf('  ▸web: {}'), 'services.web.image is missing: name an image'],
  [
    'an image that is a list',
    servicesOf('  web: {image: ▸[a]}'),
    'services.web.image must be an image, such as registry.example.com/httpd:2.4, not a list',
  ],
  [
    'an image that is none',
    servicesOf('  web: {image: ▸registry.example.com/Httpd}'),
    'services.web.image: not a reference: "registry.example.com/Httpd": upper case in the name: write it as "httpd"',
  ],
  [
    'an image at a relative path',
    servicesOf('  web: {image: ▸"oci-archive:web.tar"}'),
    'services.web.image: not an absolute path: "oci-archive:web.tar": write it with the whole path',
  ],
  ['yes for true', web('enabled: ▸yes'), 'services.web.enabled must be true or false, not "yes"'],
  [
    'an unknown way to update',
    web('update: ▸never'),
    'services.web.update must be apply, auto or pinned, not "never"',
  ],
  [
    'a value that is a list',
    web('values: {PORT: ▸[80]}'),
    'services.web.values.PORT must be a text, a number, true or false, not a list',
  ],
  [
    'the name of a variable that is none',
    web('values: {▸the-port: 80}'),
    'not the name of a variable: services.web.values: "the-port": use letters, digits and "_", not beginning with a digit',
  ],
  [
    'a variable that berth sets',
    web('values: {▸NAME: web}'),
    'cannot set NAME: services.web.values: berth sets it for each deployment',
  ],
  [
    'a line break in a value',
    web('values: {A: ▸"b\\nc"}'),
    'cannot use the value of A: services.web.values: it has the control character U+000A: write it on one line, with spaces for tabs and line breaks',
  ],
  [
    'a unit that is none',
    web('after: [▸"a b"]'),
    'services.web.after: not the name of a unit or of a service: "a b"',
  ],
  [
    'a dependency on itself',
    web('requires: [▸web]'),
    'services.web.requires: web.service cannot depend on itself: leave it out',
  ],
  [
    'the name of an instance that is none',
    web('instances: {▸a/b: {}}'),
    'services.web: not a service name: "web@a/b": use letters, digits, ".", "_" and "-", at most 128 of them, beginning with a letter or a digit; NAME@INSTANCE is one of several instances',
  ],
  ['no instance', web('instances: ▸{a: }'), 'services.web.instances names none: write NAME: {}'],
  [
    'instances of an instance',
    servicesOf('  ▸web@a: {image: registry.example.com/httpd, instances: {b: {}}}'),
    'services.web@a is an instance, and has instances: leave out one of both',
  ],
  [
    'what instances cannot have of their own',
    web('instances: {a: {▸image: registry.example.com/nginx}}'),
    'services.web.instances.a: unknown key "image": known here are values, enabled, started, mounts, resources',
  ],
  [
    'sockets of instances',
    web('instances: {a: {}}', '▸sockets: {listen: [80]}'),
    'services.web.sockets: instances have no sockets: make each a service of its own',
  ],
  [
    'one service twice',
    servicesOf(
      '  web: {image: registry.example.com/httpd, instances: {a: {}}}',
      '  ▸web@a: {image: registry.example.com/httpd}',
    ),
    'services.web@a: web@a is declared already (/etc/berth/host.yaml:3): leave one out',
  ],
];

const SOCKETS: Case[] = [
  [
    'sockets without an address',
    web('sockets: ▸{proxy: true}'),
    'services.web.sockets.listen is missing: write addresses, such as [8080]',
  ],
  [
    'no address',
    web('sockets: {listen: ▸[]}'),
    'services.web.sockets.listen has no item: add one, each an address, such as 8080, 127.0.0.1:8080, /run/x.sock, udp:514 or http=80',
  ],
  [
    'an address that is none',
    web('sockets: {listen: [▸localhost:80]}'),
    'services.web: not an address: sockets.listen "localhost:80": "localhost" is not an IPv4 address: write it like 8080, 127.0.0.1:8080, [::1]:8080, /run/web.sock or @web',
  ],
  [
    'a port that is none',
    web('sockets: {listen: [8080, ▸80800]}'),
    'services.web: not an address: sockets.listen "80800": a port is a number from 1 to 65535: write it like 8080, 127.0.0.1:8080, [::1]:8080, /run/web.sock or @web',
  ],
  [
    'one address twice',
    web('sockets: {listen: ▸[8080, http=8080]}'),
    'services.web: two sockets for one address: sockets.listen: stream 8080',
  ],
  [
    'a proxy of datagrams',
    web('sockets: {listen: [udp:514], proxy: ▸true}'),
    'services.web: cannot proxy datagrams: sockets.listen udp:514: leave out sockets.proxy, or that socket',
  ],
  [
    'a server that is none',
    web('sockets: {listen: [80], proxy: ▸example.com}'),
    'services.web: not an address: sockets.proxy "example.com": neither a port, nor an IP address with a port, nor a path: write it like 8080, 127.0.0.1:8080, [::1]:8080, /run/web.sock or @web',
  ],
  [
    'an idle time without a proxy',
    web('sockets: {listen: [80], idle: ▸5min}'),
    'services.web: sockets.idle without sockets.proxy: only a proxy sees when nobody is connected: add sockets.proxy; a server that takes sockets ends by itself when it is idle',
  ],
  [
    'an idle time that is none',
    web('sockets: {listen: [80], proxy: true, idle: ▸soon}'),
    'services.web: not a time span: sockets.idle "soon": write it like 10min or 1h 30min',
  ],
  [
    'a port of another service',
    servicesOf(
      '  a: {image: registry.example.com/a, sockets: {listen: [127.0.0.1:80]}}',
      '  b: {image: registry.example.com/b, sockets: {listen: [▸80]}}',
    ),
    'services.b: sockets.listen 80: services.a listens there (/etc/berth/host.yaml:3): use another address',
  ],
];

const HOST: Case[] = [
  [
    'a mount from a relative path',
    web('mounts: [{source: ▸www, destination: /srv}]'),
    'services.web.mounts[0].source must be an absolute path on the host, not "www"',
  ],
  [
    'a mount that climbs',
    web('mounts: [{source: /srv, destination: ▸/srv/../etc}]'),
    'services.web.mounts: "/srv/../etc": write an absolute path without "//", "." and "..", such as /srv/www',
  ],
  [
    'a mount without a destination',
    web('mounts: [▸{source: /srv}]'),
    'services.web.mounts[0].destination is missing: it must be an absolute path in the container',
  ],
  [
    'two mounts in one place',
    web('mounts: [{source: /a, destination: /srv}, {source: /b, destination: ▸/srv/}]'),
    'services.web.mounts: "/srv/": "/a" is mounted there: leave one out',
  ],
  [
    'a mount of a process',
    web('mounts: [{source: ▸/proc/self/root, destination: /srv}]'),
    'services.web.mounts: "/proc/self/root": it is another one for each process: mount /proc itself, or what is elsewhere',
  ],
  [
    'a mount over the kernel’s files',
    web('mounts: [{source: /srv, destination: ▸/proc/sys}]'),
    'services.web.mounts: "/proc/sys": it belongs to the kernel: mount elsewhere, such as below /host',
  ],
  [
    'a mount over the image',
    web('mounts: [{source: /srv, destination: ▸/}]'),
    'services.web.mounts: "/": it would hide the image: name a directory in it',
  ],
  [
    'a mount of berth’s own files',
    web('mounts: [{source: ▸/var/lib/berth/store, destination: /srv}]'),
    'services.web.mounts: "/var/lib/berth/store": /var/lib/berth belongs to berth: keep the files elsewhere',
  ],
  [
    'an unknown directive',
    web('resources: {▸ExecStart: /bin/sh}'),
    'services.web.resources: unknown key "ExecStart": known here are TasksMax, LimitSTACK, LimitAS, CPUWeight, CPUQuota, NUMAMask, MemoryMax, IOWeight, Slice, LimitCPU, LimitDATA, LimitCORE …',
  ],
  [
    'a misspelt directive',
    web('resources: {▸MemoryMaximum: 1G}'),
    'services.web.resources: unknown key "MemoryMaximum": known here are MemoryMax, MemoryMin, MemoryHigh, MemorySwapMax, MemoryLow, MemoryZSwapMax, MemoryAccounting, NUMAMask, TasksMax, LimitRTTIME, AllowedCPUs, StartupMemoryMax …',
  ],
  [
    'a size that is none',
    web('resources: {MemoryMax: ▸12 apples}'),
    'services.web.resources.MemoryMax must be a size, such as 512M, 25% or infinity, not "12 apples"',
  ],
  [
    'a number out of range',
    web('resources: {CPUWeight: ▸0}'),
    'services.web.resources.CPUWeight must be a whole number from 1 to 10000, or idle, not 0',
  ],
  [
    'a line break in a directive',
    web('resources: {IPAddressAllow: ▸"any\\nExecStart=/bin/sh"}'),
    'services.web.resources.IPAddressAllow: "any\\nExecStart=/bin/sh": write one line, with no blank around it and no backslash at its end',
  ],
  [
    'a variable that is not allowed',
    web(`values: {A: ▸"\${HOME}"}`),
    'the variable HOME is not allowed: add it to environment: in this file',
  ],
  [
    'a variable that is not set',
    `environment: [A]\n${web(`values: {A: ▸"\${A}"}`)}`,
    `the variable A is not set: set it, or write \${A:-DEFAULT}`,
  ],
  [
    'a dollar alone',
    web('values: {A: ▸$HOME}'),
    `a "$" that begins no variable in "$HOME": write $$, or \${NAME}`,
  ],
  [
    'a variable of the environment that is none',
    'version: 1\nenvironment: [▸A-B]\n',
    'environment[0] must be the name of a variable: letters, digits and "_", not beginning with a digit, not "A-B"',
  ],
  [
    'an included file that is not there',
    'version: 1\ninclude: [▸web.yaml]\n',
    'include: "web.yaml": no such file in /etc/berth',
  ],
  [
    'an absolute path to include',
    'version: 1\ninclude: [▸/etc/passwd]\n',
    'include[0] must be a path below the directory of this file, such as services/*.yaml, not "/etc/passwd"',
  ],
  [
    'a path out of the directory',
    'version: 1\ninclude: [▸../outside.yaml]\n',
    'include: "../outside.yaml": it leads to /etc/outside.yaml: a file includes what is below its own directory, /etc/berth',
  ],
  [
    'a symlink out of the directory',
    'version: 1\ninclude: [▸link.yaml]\n',
    'include: "link.yaml": it leads to /etc/outside.yaml: a file includes what is below its own directory, /etc/berth',
  ],
  [
    'a file that includes itself',
    'version: 1\ninclude: [▸"host*.yaml"]\n',
    'include: "host*.yaml": files include one another: /etc/berth/host.yaml -> /etc/berth/host.yaml',
  ],
];

for (const [kind, marked, says] of [...YAML, ...TOP, ...SERVICE, ...SOCKETS, ...HOST]) {
  test(`told with its place and what is allowed: ${kind}`, async () => {
    using host = new ScratchHost({ 'host.yaml': marked.replace('▸', ''), '../outside.yaml': 'version: 1\n' });
    symlinkSync('../outside.yaml', join(host.directory, 'link.yaml'));
    const before = marked.slice(0, marked.indexOf('▸')).split('\n');
    const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
    await assert.rejects(host.read(), (error) => {
      assert(error instanceof BerthError);
      assert.equal(error.code, 'host-invalid');
      assert.equal(
        error.message.replaceAll(host.paths.root, ''),
        `cannot use what is declared: /etc/berth/host.yaml:${place}: ${says}`,
      );
      return true;
    });
  });
}

test('told with its place: bytes that are not UTF-8', async () => {
  using host = new ScratchHost({ 'host.yaml': Buffer.from('version: 1\n# caf\xe9\n', 'latin1') });
  await assert.rejects(host.read(), {
    code: 'host-invalid',
    message: /host\.yaml:2:6: not UTF-8: save the file as UTF-8$/,
  });
});

test('told, and not waited for: a pipe', async () => {
  using host = new ScratchHost({ 'host.yaml': 'version: 1\ninclude: [pipe]\n' });
  execFileSync('mkfifo', [join(host.directory, 'pipe')]);
  await assert.rejects(host.read(), {
    code: 'host-invalid',
    message: /pipe:1:1: not a regular file$/,
  });
});

test('told: a file that any user may write to, also one that is included', async () => {
  using host = new ScratchHost({ 'host.yaml': 'version: 1\ninclude: [more.yaml]\n' });
  chmodSync(host.write('more.yaml', 'version: 1\n'), 0o666);
  await assert.rejects(host.read(), {
    code: 'host-invalid',
    message: /more\.yaml:1:1: any user may write to it: look at it, and chmod o-w$/,
  });
});

test('told: a file without an end', async () => {
  using host = new ScratchHost({ 'host.yaml': `version: 1\n#${' '.repeat(1 << 20)}\n` });
  await assert.rejects(host.read(), { code: 'host-invalid', message: /host\.yaml:1:1: larger than 1 MiB/ });
});

test('told: a file that is nested without an end', async () => {
  const nested = ['[', '{a: ', '- ', '? '].map((opening) => opening.repeat(10_000));
  for (const text of [...nested, `services:\n  ${': '.repeat(10_000)}\n  web: {}\n`]) {
    using host = new ScratchHost({ 'host.yaml': text });
    await assert.rejects(host.read(), {
      code: 'host-invalid',
      message: /host\.yaml:\d+:\d+: not YAML: nested too deeply$/m,
    });
  }
});

test('told: aliases that would blow up', async () => {
  const levels = Array.from(
    { length: 30 },
    (_, level) => `  s${level}: &a${level} {values: [*a${level - 1}, *a${level - 1}]}`,
  );
  using host = new ScratchHost({ 'host.yaml': servicesOf(...levels) });
  await assert.rejects(host.read(), {
    code: 'host-invalid',
    message: /an alias: "\*a0": write the value out/,
  });
});

test('told: more of anything than a host can mean', async () => {
  const chain = Array.from({ length: 10 }, (_, index) => [
    `${index}.yaml`,
    `version: 1\ninclude: [${index + 1}.yaml]\n`,
  ]);
  const many = Array.from({ length: 300 }, (_, index) => [`parts/${index}.yaml`, 'version: 1\n']);
  const services = Array.from({ length: 1001 }, (_, index) => `  s${index}: {image: registry.example.com/x}`);
  const ports = Array.from({ length: 101 }, (_, index) => 8000 + index);
  for (const [files, says] of [
    [
      [['host.yaml', 'version: 1\ninclude: [0.yaml]\n'], ...chain],
      /7\.yaml:2:11: include: "8\.yaml": more than 8 files include one another$/,
    ],
    [
      [['host.yaml', 'version: 1\ninclude: [parts/*.yaml]\n'], ...many],
      /host\.yaml:2:11: include: "parts\/\*\.yaml": more than 256 files$/,
    ],
    [
      [['host.yaml', servicesOf(...services)]],
      /host\.yaml:1003:3: services\.s1000: more than 1000 services, instances included$/,
    ],
    [
      [['host.yaml', web(`sockets: {listen: [${ports}]}`)]],
      /host\.yaml:5:23: services\.web\.sockets\.listen has more than 100 items$/,
    ],
  ] as const) {
    using host = new ScratchHost(Object.fromEntries(files));
    await assert.rejects(host.read(), { code: 'host-invalid', message: says });
  }
});

test('told: text of no file that includes others', async () => {
  using host = new ScratchHost();
  await assert.rejects(host.read({ text: Buffer.from('version: 1\ninclude: [a.yaml]\n') }), {
    code: 'host-invalid',
    message:
      /standard input:2:11: include: "a\.yaml": standard input cannot include files: name a file with -f$/,
  });
});

test('all mistakes of all files are told at once, in the order of files and lines', async () => {
  using host = new ScratchHost({
    'host.yaml': servicesOf(
      '  web: {imgae: x, enabled: 1, sockets: {listen: [80, x]}}',
      '  db: {image: registry.example.com/db, sockets: {listen: [80]}}',
    ),
    'host.d/10-late.yaml': servicesOf('  web: {values: {A-B: 1}}'),
  });
  await assert.rejects(host.read(), (error) => {
    assert(error instanceof BerthError);
    const [first, ...places] = error.message.replaceAll(`${host.directory}/`, '').split('\n');
    assert.equal(first, 'cannot use what is declared: 6 mistakes:');
    assert.deepEqual(
      places.map((line) => line.replace(/^(\S+): .*/, '$1')),
      [
        'host.yaml:3:3',
        'host.yaml:3:9',
        'host.yaml:3:28',
        'host.yaml:3:54',
        'host.yaml:4:59',
        'host.d/10-late.yaml:3:18',
      ],
    );
    return true;
  });
});

test('of many mistakes the first 20 are told, and how many there are', async () => {
  const services = Array.from({ length: 50 }, (_, index) => `  s${index}: {}`);
  using host = new ScratchHost({ 'host.yaml': servicesOf(...services) });
  await assert.rejects(host.read(), (error) => {
    assert(error instanceof BerthError);
    const lines = error.message.split('\n');
    assert.equal(lines[0], 'cannot use what is declared: 50 mistakes:');
    assert.deepEqual(lines.slice(21), ['and 30 more']);
    return true;
  });
});
