import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WrittenService } from '../../../../src/provision/format-host.ts';
import type { Finding } from '../../../../src/provision/quadlet/finding.ts';
import { importQuadlet } from '../../../../src/provision/quadlet/import-quadlet.ts';
import { QUADLET_RULES } from '../../../../src/provision/quadlet/unit-rules.ts';
import { scratch } from '../../layer/scratch.ts';

// Each key of the table in docs/quadlet.md, with what it becomes.

/** What becomes of lines: of the service, or what is said of the last one, or both. */
interface Case {
  section?: string;
  lines: string[];
  service?: Partial<WrittenService>;
  says?: [Finding['verdict'], RegExp];
}

const refused = (section: string, line: string, says: RegExp): Case => ({
  section,
  lines: [line],
  service: {},
  says: ['refused', says],
});
const ofContainer = (line: string, says: RegExp) => refused('Container', line, says);
const taken = (line: string, service: Partial<WrittenService> = {}): Case => ({ lines: [line], service });
const otherwise = (line: string, says: RegExp, service: Partial<WrittenService> = {}): Case => ({
  lines: [line],
  service,
  says: ['otherwise', says],
});
const bind = (source: string, destination: string, readOnly = false) => ({ source, destination, readOnly });

const CASES: Case[] = [
  taken('AddCapability=CAP_CHOWN NET_BIND_SERVICE'),
  ofContainer(
    'AddCapability=CAP_CHOWN sys_admin',
    /^services get no CAP_SYS_ADMIN; have the image bring a config\.json/,
  ),
  ofContainer('AddDevice=/dev/fuse', /see no devices/),
  ofContainer('AddHost=db:192.0.2.1', /\/etc\/hosts/),
  otherwise('Annotation=a=b', /annotations/),
  ofContainer('AppArmor=unconfined', /systemctl edit web, and write AppArmorProfile=/),
  taken('AutoUpdate=registry', { update: 'auto' }),
  ofContainer('AutoUpdate=local', /local is not where/),
  taken('CgroupsMode=split'),
  ofContainer('CgroupsMode=no-conmon', /control group of its unit/),
  taken('ContainerName=web'),
  taken('ContainerName=%p'),
  otherwise('ContainerName=my-web', /called as its service is/),
  ofContainer('ContainersConfModule=/etc/nvd.conf', /nothing of Podman/),
  ofContainer('DNS=192.0.2.53', /resolv\.conf/),
  ofContainer('DNSOption=ndots:1', /resolv\.conf/),
  ofContainer('DNSSearch=example.com', /resolv\.conf/),
  taken('DropCapability=NET_RAW CAP_MKNOD'),
  ofContainer('DropCapability=all', /keeps CAP_CHOWN/),
  ofContainer('DropCapability=CAP_KILL', /keeps CAP_CHOWN/),
  ofContainer('Entrypoint=/start.sh', /own Entrypoint counts; build an image FROM/),
  ofContainer('Environment=A=1 "B=two words"', /own Env counts/),
  ofContainer('EnvironmentFile=/etc/web.env', /or mount the file/),
  taken('EnvironmentHost=false'),
  ofContainer('EnvironmentHost=true', /environment of the host/),
  ofContainer('Exec=sleep %i', /own Cmd counts/),
  otherwise('ExposeHostPort=50-59', /network of the host/),
  ofContainer('GIDMap=0:10000:10', /user namespace/),
  ofContainer('GlobalArgs=--log-level=debug', /nothing of Podman/),
  ofContainer('Group=1234', /own User/),
  ofContainer('GroupAdd=keep-groups', /own User/),
  ofContainer('HealthCmd=curl -f http://localhost', /own Healthcheck/),
  ofContainer('HealthInterval=2m', /own Healthcheck/),
  ofContainer('HealthLogDestination=/var/log', /journal/),
  ofContainer('HealthMaxLogCount=5', /journal/),
  ofContainer('HealthMaxLogSize=500', /journal/),
  ofContainer('HealthOnFailure=kill', /while a service starts/),
  ofContainer('HealthRetries=5', /own Healthcheck/),
  ofContainer('HealthStartPeriod=1m', /own Healthcheck/),
  ofContainer('HealthStartupCmd=true', /own Healthcheck/),
  ofContainer('HealthStartupInterval=1m', /own Healthcheck/),
  ofContainer('HealthStartupRetries=8', /own Healthcheck/),
  ofContainer('HealthStartupSuccess=2', /own Healthcheck/),
  ofContainer('HealthStartupTimeout=1m33s', /own Healthcheck/),
  ofContainer('HealthTimeout=20s', /own Healthcheck/),
  ofContainer('HostName=example.com', /name of the host/),
  taken('HttpProxy=no'),
  ofContainer('HttpProxy=true', /environment of the host/),
  ofContainer('IP=192.0.2.7', /network of the host/),
  ofContainer('IP6=2001:db8::1', /network of the host/),
  taken(`Image=registry.example.com/other:2@sha256:${'0'.repeat(64)}`, {
    image: `registry.example.com/other:2@sha256:${'0'.repeat(64)}`,
  }),
  {
    lines: ['Image=localhost/own:1'],
    service: { image: 'localhost/own:1' },
    says: [
      'refused',
      /^images called localhost\/… .*; podman save .* localhost\/own:1, and write oci-archive:/,
    ],
  },
  otherwise('ImageVolume=bind', /below \/var\/lib\/web/),
  ofContainer('ImageVolume=tmpfs', /below \/var\/lib\/web/),
  otherwise('Label=app=web', /labels/),
  taken('LogDriver=journald'),
  ofContainer('LogDriver=k8s-file', /journal/),
  ofContainer('LogOpt=path=/var/log/x.json', /journal/),
  ofContainer('Mask=/proc/sys/foo', /hidden/),
  taken('Memory=20g', { resources: { MemoryMax: '20G' } }),
  taken('Memory=1000b', { resources: { MemoryMax: '1000' } }),
  ofContainer('Memory=lots', /not a size/),
  taken('Mount=type=bind,source=/srv/a,destination=/a,ro', { mounts: [bind('/srv/a', '/a', true)] }),
  taken('Mount="type=bind,src=/srv/my files,dst=/a"', { mounts: [bind('/srv/my files', '/a')] }),
  taken('Mount=type=tmpfs,target=/tmp'),
  ofContainer('Mount=type=image,source=x,destination=/x', /no mounts of the type image/),
  ofContainer('Mount=type=volume,source=data.volume,destination=/x', /volumes\/systemd-data\/_data/),
  taken('Network=host'),
  otherwise('Network=none', /can send nothing/, { resources: { IPAddressDeny: 'any' } }),
  ofContainer('Network=web.network', /network of the host/),
  ofContainer('NetworkAlias=web', /network of the host/),
  taken('NoNewPrivileges=true'),
  ofContainer('NoNewPrivileges=false', /gain privileges/),
  taken('Notify=false'),
  otherwise('Notify=healthy', /Healthcheck/),
  ofContainer('Notify=true', /io\.containers\.sdnotify=container/),
  taken('PidsLimit=100', { resources: { TasksMax: '100' } }),
  taken('PidsLimit=-1', { resources: { TasksMax: 'infinity' } }),
  ofContainer('PidsLimit=few', /not a number/),
  ofContainer('Pod=web.pod', /no pods/),
  ofContainer('PodmanArgs=--cpus 2', /nothing of Podman/),
  taken('PublishPort=443:443'),
  taken('PublishPort=0.0.0.0:50-59:50-59/udp'),
  otherwise('PublishPort=8080:80', /listens at 8080 and hands on to 80/, {
    sockets: {
      listen: [{ name: null, type: 'stream', address: { kind: 'ip', host: null, port: 8080 } }],
      proxy: { target: { kind: 'ip', host: '127.0.0.1', port: 80 }, idle: null },
    },
  }),
  otherwise('PublishPort=[::1]:8080:80/tcp', /hands on/, {
    sockets: {
      listen: [{ name: null, type: 'stream', address: { kind: 'ip', host: '::1', port: 8080 } }],
      proxy: { target: { kind: 'ip', host: '127.0.0.1', port: 80 }, idle: null },
    },
  }),
  otherwise('PublishPort=80', /at port 80 and no other/),
  otherwise('PublishPort=127.0.0.1::80', /at port 80 and no other/),
  ofContainer('PublishPort=127.0.0.1:80:80', /have its own settings say 127\.0\.0\.1/),
  ofContainer('PublishPort=5353:53/udp', /only one TCP port/),
  ofContainer('PublishPort=host.example:8080:80', /not an address/),
  taken('Pull=newer'),
  otherwise('Pull=missing', /does not ask/, { update: 'pinned' }),
  ofContainer('Pull=sometimes', /not known/),
  taken('ReadOnly=yes'),
  ofContainer('ReadOnly=false', /read-only/),
  taken('ReadOnlyTmpfs=true'),
  ofContainer('ReadOnlyTmpfs=false', /in memory/),
  ofContainer('ReloadCmd=/bin/reload', /write ExecReload=/),
  ofContainer('ReloadSignal=SIGHUP', /write ExecReload=kill/),
  otherwise('Retry=5', /by itself/),
  otherwise('RetryDelay=5s', /by itself/),
  ofContainer('Rootfs=/var/lib/rootfs', /berth install --rootfs/),
  taken('RunInit=0'),
  ofContainer('RunInit=1', /first process/),
  ofContainer('SeccompProfile=unconfined', /seccomp/),
  ofContainer('Secret=password,type=env', /root alone/),
  ofContainer('SecurityLabelDisable=true', /SELinuxContext=/),
  ofContainer('SecurityLabelFileType=usr_t', /SELinuxContext=/),
  ofContainer('SecurityLabelLevel=s0:c1,c2', /SELinuxContext=/),
  ofContainer('SecurityLabelNested=true', /SELinuxContext=/),
  ofContainer('SecurityLabelType=spc_t', /SELinuxContext=/),
  taken('ServiceName=shop', { name: 'shop' as WrittenService['name'] }),
  ofContainer('ShmSize=100m', /64 MiB/),
  ofContainer('StartWithPod=true', /no pods/),
  ofContainer('StopSignal=SIGINT', /write KillSignal=/),
  ofContainer('StopTimeout=20', /write TimeoutStopSec=/),
  ofContainer('SubGIDMap=gtest', /user namespace/),
  ofContainer('SubUIDMap=utest', /user namespace/),
  ofContainer('Sysctl=net.ipv4.ip_forward=1', /sysctl\.d/),
  otherwise('Timezone=local', /localtime/, { mounts: [bind('/etc/localtime', '/etc/localtime', true)] }),
  otherwise('Timezone=Europe/Berlin', /zoneinfo/, {
    mounts: [bind('/usr/share/zoneinfo/Europe/Berlin', '/etc/localtime', true)],
  }),
  taken('Tmpfs=/run'),
  otherwise('Tmpfs=/tmp:size=10m', /without size=10m/),
  ofContainer('Tmpfs=/work', /no file systems in memory/),
  ofContainer('UIDMap=0:10000:10', /user namespace/),
  taken('Ulimit=nofile=1000:10000', { resources: { LimitNOFILE: '1000:10000' } }),
  taken('Ulimit=core=-1', { resources: { LimitCORE: 'infinity' } }),
  ofContainer('Ulimit=host', /limits of its own/),
  ofContainer('Ulimit=toString=1', /not a limit/),
  ofContainer('Unmask=ALL', /hidden/),
  ofContainer('User=bin', /own User/),
  taken('UserNS=host'),
  ofContainer('UserNS=keep-id', /user namespace/),
  taken('Volume=/srv/www:/var/www:ro', { mounts: [bind('/srv/www', '/var/www', true)] }),
  taken('Volume=%S/%N:/var/www', { mounts: [bind('/var/lib/web', '/var/www')] }),
  otherwise('Volume=/srv/www:/var/www:Z,U', /without Z, U/, { mounts: [bind('/srv/www', '/var/www')] }),
  ofContainer('Volume=/srv/www:/var/www:O', /copy/),
  ofContainer('Volume=data:/var/www', /volumes\/data\/_data/),
  ofContainer('Volume=/var/www', /volumes without a name/),
  ofContainer('Volume=%H:/x', /specifier %H/),
  ofContainer('WorkingDir=/work', /own WorkingDir/),
  ofContainer('Colour=red', /not a key of Podman/),

  {
    section: 'Unit',
    lines: ['After=db.container network-online.target'],
    service: after('db.service', 'network-online.target'),
  },
  { section: 'Unit', lines: ['Before=front.service'], service: depends({ before: ['front.service'] }) },
  {
    section: 'Unit',
    lines: ['BindsTo=db.service'],
    service: depends({ requires: ['db.service'] }),
    says: ['otherwise', /Requires= and After=/],
  },
  { section: 'Unit', lines: ['Requires=db.container'], service: depends({ requires: ['db.service'] }) },
  {
    section: 'Unit',
    lines: ['After=db.service data.volume'],
    service: after('db.service'),
    says: ['refused', /no units data\.volume/],
  },
  refused('Unit', 'After="db', /does not end/),
  refused('Unit', 'Wants=network-online.target', /write Wants= below \[Unit\]/),
  refused('Unit', 'Description=A server', /write Description= below \[Unit\]/),

  refused('Service', 'Delegate=no', /berth’s unit says it/),
  refused('Service', 'ExecStart=/bin/true', /berth’s unit says it/),
  refused('Service', 'ExecStop=/bin/true', /berth’s unit says it/),
  refused('Service', 'GuessMainPID=no', /berth’s unit says it/),
  refused('Service', 'KillMode=process', /berth’s unit says it/),
  refused('Service', 'NotifyAccess=all', /berth’s unit says it/),
  refused('Service', 'PIDFile=/run/x', /berth’s unit says it/),
  refused('Service', 'RemainAfterExit=yes', /berth’s unit says it/),
  { section: 'Service', lines: ['Restart=on-failure'], service: {} },
  refused('Service', 'Restart=always', /systemctl edit web, and write Restart=always/),
  { section: 'Service', lines: ['Type=notify'], service: {} },
  refused('Service', 'Type=oneshot', /runs once/),
  {
    section: 'Service',
    lines: ['MemoryMax=1G', 'CPUQuota=50%', 'IOAccounting=yes', 'Nice=5'],
    service: { resources: { MemoryMax: '1G', CPUQuota: '50%', IOAccounting: 'true', Nice: '5' } },
  },
  refused('Service', 'Nice=much', /write Nice= below/),
  refused('Service', 'TimeoutStartSec=900', /write TimeoutStartSec= below \[Service\]/),

  refused('Install', 'Alias=www.service', /one name/),
  { section: 'Install', lines: ['DefaultInstance=1'], service: {} },
  {
    section: 'Install',
    lines: ['WantedBy=multi-user.target default.target'],
    service: { enabled: true, started: true },
  },
  {
    section: 'Install',
    lines: ['RequiredBy=graphical.target'],
    service: { enabled: true, started: true },
    says: ['otherwise', /starts at boot/],
  },
  {
    section: 'Install',
    lines: ['UpheldBy=other.service'],
    service: { enabled: true, started: true },
    says: ['otherwise', /starts at boot/],
  },
  refused('Install', 'Also=other.service', /not a key/),

  { section: 'Quadlet', lines: ['DefaultDependencies=no'], service: {} },
  refused('Quadlet', 'DefaultDependencies=yes', /After=network-online\.target/),
  refused('Pod', 'PodName=x', /no section/),
  { section: 'X-Other', lines: ['Anything=goes'], service: {} },

  // Lines that other lines take back, and those that go on.
  { lines: ['Volume=/srv/a:/a', 'Volume=', 'Volume=/srv/b:/b'], service: { mounts: [bind('/srv/b', '/b')] } },
  {
    lines: ['Volume=/srv/a:/a', 'Volume=/srv/b:/b'],
    service: { mounts: [bind('/srv/a', '/a'), bind('/srv/b', '/b')] },
  },
  { lines: ['Memory=1g', 'Memory=2g'], service: { resources: { MemoryMax: '2G' } } },
  { lines: ['Memory=1g', 'Memory='], service: {} },
  { lines: ['AddCapability=CAP_CHOWN \\', '# a comment between', '  CAP_KILL'], service: {} },
  { section: 'Unit', lines: ['After=\'a.service\' "b.service"'], service: after('a.service', 'b.service') },
  {
    lines: ['PublishPort=8080:80', 'PublishPort=8081:80'],
    service: {
      sockets: {
        listen: [8080, 8081].map((port) => ({
          name: null,
          type: 'stream',
          address: { kind: 'ip', host: null, port },
        })),
        proxy: { target: { kind: 'ip', host: '127.0.0.1', port: 80 }, idle: null },
      },
    },
    says: ['otherwise', /listens at 8081/],
  },
];

function depends(some: Partial<Record<'requires' | 'after' | 'before', string[]>>): Partial<WrittenService> {
  const all = { requires: [], after: [], before: [], ...some };
  return { dependencies: all as unknown as WrittenService['dependencies'] };
}

function after(...units: string[]): Partial<WrittenService> {
  return depends({ after: units });
}

/** What a file makes that says nothing but its image. */
const PLAIN = {
  name: 'web',
  image: 'registry.example.com/web',
  values: {},
  enabled: false,
  started: false,
  sockets: null,
  update: 'apply',
  mounts: [],
  resources: {},
  ...depends({}),
};

for (const { section = 'Container', lines, service, says } of CASES) {
  test(`[${section}] ${lines.join(', ')}`, (context) => {
    const file = join(scratch(context), 'web.container');
    const text = ['[Container]', `Image=${PLAIN.image}`, `[${section}]`, ...lines];
    writeFileSync(file, `${text.join('\n')}\n`);
    const { service: found, findings } = importQuadlet(file);
    assert.deepEqual(found, { ...PLAIN, ...service });
    const last = findings.at(-1);
    assert.equal(last?.verdict, says?.[0]);
    if (says === undefined) return;
    assert.match(last?.text ?? '', says[1]);
    assert.deepEqual([last?.file, last?.line, last?.section], [file, text.length, section]);
  });
}

test('every key has a case, and a row in docs/quadlet.md that says the same', () => {
  const rules = Object.entries(QUADLET_RULES).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, { verdict }]) => `[${section}] ${key} ${verdict}`),
  );
  const tried = new Set(
    CASES.flatMap(({ section = 'Container', lines }) =>
      lines.map((line) => `[${section}] ${line.split('=')[0]}`),
    ),
  );
  assert.deepEqual(
    rules.filter((rule) => !tried.has(rule.replace(/ \w+$/, ''))),
    [],
  );
  const docs = readFileSync(join(import.meta.dirname, '../../../../docs/quadlet.md'), 'utf8');
  const rows: string[] = [];
  let section = '';
  for (const line of docs.split('\n')) {
    section = /^### (\[\w+\])$/.exec(line)?.[1] ?? section;
    const [, key, verdict] = /^\| `(\w+)=` \| (\w+) \| .+ \|$/.exec(line) ?? [];
    if (key !== undefined) rows.push(`${section} ${key} ${verdict}`);
  }
  assert.deepEqual(rows.sort(), rules.sort());
  assert.ok(rows.length >= 50);
});
