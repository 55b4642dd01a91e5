import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import { exampleCommands } from './example-commands.ts';
import { pushImage, REGISTRY } from './push-image.ts';
import { Terminal } from './terminal.ts';

/** How an example is run, where more is to do than to paste it. */
interface Way {
  like: RegExp;
  /** A script that makes what the example is about; must go well. */
  before?: string;
  /** A script that takes away what the others would stumble on. */
  after?: string;
  /** It begins with no service at all. */
  bare?: true;
  /** It wants a terminal: what it shows when it waits for keys, and these. */
  terminal?: [shows: RegExp, keys: string];
  /** It goes on until Ctrl-C. */
  endless?: true;
}

const WAYS: Way[] = [
  { like: /^berth install/, bare: true },
  { like: /^berth (?:(?:logs|events) -f|stats(?! --no-stream))/, endless: true },
  { like: /^berth list --watch/, endless: true, terminal: [/^web/m, 'C-c'] },
  { like: /^berth (?:exec -it|shell)/, terminal: [/[#$]$/, 'exit Enter'] },
  { like: /berth edit/, terminal: [/^/, "''"] },
  { like: /^berth (?:rollback|diff) web$/, before: 'berth set --soak 0s web PORT=8081' },
  {
    like: /^berth rollback --to 3/,
    bare: true,
    before: `berth install --now --name web registry.example.com/httpd:2.4
      for port in 8081 8082 8083 8084; do berth set --soak 0s web PORT=$port; done`,
  },
  { like: /^berth umount/, before: 'berth mount web /mnt' },
  { like: /^berth mount/, after: 'berth umount /mnt || true' },
  {
    like: /^berth scan/,
    before: `mkdir -p /etc/berth/scanners.d; cp ${CHECKOUT}/examples/scanners/debsums.yaml /etc/berth/scanners.d
      berth pull registry.example.com/app:1`,
  },
  { like: /^berth import web/, before: 'berth export -o web.tar web; berth uninstall web' },
  { like: /^berth auto-update disable/, before: 'berth auto-update enable' },
  {
    like: /^berth log(?:in|out) /,
    before: `systemctl stop web; grep -q 127.0.0.3 /etc/hosts || echo 127.0.0.3 registry.example.com >>/etc/hosts
      systemd-run --quiet --unit=plain --socket-property=ListenStream=127.0.0.3:80 \\
        /lib/systemd/systemd-socket-proxyd ${REGISTRY}
      echo secret | berth login --username robot --password-stdin registry.example.com`,
    after: 'systemctl stop plain.socket plain.service',
  },
];

/** What cannot run here, and why. */
const NOT_HERE = new Map([
  [
    'berth bundle -o services.tar --platform linux/arm64 registry.example.com/httpd:2.4',
    'the test images are built for this machine alone',
  ],
]);

/** Names of the examples, and the image of the tests that each stands for. */
const STAND_INS = {
  'httpd:2.4': 'web',
  'httpd:2.6': 'web',
  'httpd:latest': 'web',
  'docker:latest': 'sleeper',
  'flanneld:latest': 'sleeper',
  'app:1': 'listener',
  'app:latest': 'listener',
  'tool:1': 'tool',
  'tool:latest': 'tool',
  'compress:latest': 'compress',
};

const DEVPTS =
  "{ destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666'] }";

const REGISTRIES = `unqualified-search-registries = ["registry.example.com"]
[[registry]]
prefix = "registry.example.com"
location = "${REGISTRY}"
insecure = true
[[registry]]
prefix = "registry.internal"
location = "${REGISTRY}/internal"
insecure = true
`;

const DECLARED = 'version: 1\nservices: { cache: { image: registry.example.com/db } }\n';

/** The files that examples name; those without a leading slash are where they run. */
const FILES = {
  '/etc/berth/host.yaml': DECLARED,
  'host.yaml': DECLARED,
  'services.yaml': DECLARED,
  'seed.sql': 'create table t ();\n',
  seed: 'x\n',
  '/srv/www/index.html': 'hello\n',
  '/run/secrets/robot': 'secret\n',
  '/etc/containers/systemd/web.container': '[Container]\nImage=registry.example.com/httpd:2.4\n',
  '/usr/local/bin/nano': '#!/bin/sh\nsed -i "s/^#\\\\? *PORT:.*/PORT: 8085/" "$1"\n',
  '/usr/local/bin/pg_dump': '#!/bin/sh\nseq 1000\n',
};

const examples = await exampleCommands();
let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await pushImages();
  writeFileSync(host.path('/etc/containers/registries.conf'), REGISTRIES);
  for (const [path, content] of Object.entries(FILES)) {
    const file = path.startsWith('/') ? path : `/srv/files/${path}`;
    await host.sh(`mkdir -p $(dirname ${file}); cat >${file}`, { input: content });
  }
  await host.sh(
    `chmod +x /usr/local/bin/*; find /mnt -mindepth 1 -delete
     mkdir -p /media /etc/bash_completion.d /srv/roots/web
     for each in etcd:3.4 httpd:2.4; do
       berth copy registry.example.com/$each docker-archive:/tmp/image.tar:$each
       gzip </tmp/image.tar >/media/\${each%:*}.tar.gz; rm /tmp/image.tar
     done
     berth copy registry.example.com/etcd:3.4 oci:/srv/images:etcd
     { echo /bin/sh /bin/sleep; ldd /bin/sh /bin/sleep | grep -o '/[^ :)]*'; } |
       xargs cp --parents --dereference --target-directory /srv/roots/web
     (cd /srv/roots/web; mkdir -p usr/sbin proc dev sys tmp run etc; touch etc/resolv.conf etc/hosts)
     printf '#!/bin/sh\\nexec /bin/sleep infinity\\n' >/srv/roots/web/usr/sbin/httpd
     chmod +x /srv/roots/web/usr/sbin/httpd`,
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function pushImages(): Promise<void> {
  const sleep = { Cmd: ['/bin/sleep', 'infinity'], StopSignal: 'SIGKILL' };
  const config = join(import.meta.dirname, '../images/httpd/files/exports/config.json.ejs');
  const files = {
    'var/log/access.log': 'GET /\n',
    // Without it there are no terminals in the container.
    'exports/config.json.ejs': readFileSync(config, 'utf8').replace(
      /(?=\{ destination: '\/dev\/shm')/,
      `${DEVPTS}, `,
    ),
  };
  await pushImage(host, 'web', { from: 'httpd', files });
  await pushImage(host, 'db', { from: 'base', files: {}, config: { ...sleep, Volumes: { '/data': {} } } });
  await pushImage(host, 'tool', { from: 'base', files: {}, config: { Entrypoint: ['/bin/echo'] } });
  await pushImage(host, 'compress', { from: 'base', files: {}, config: { Entrypoint: ['/bin/cat'] } });
  const copies = Object.entries(STAND_INS).map(
    ([name, image]) =>
      `skopeo --insecure-policy copy --quiet --src-tls-verify=false --dest-tls-verify=false \\
         docker://${REGISTRY}/${image} docker://${REGISTRY}/${name}`,
  );
  await host.sh(copies.join('\n'));
}

/** Every example begins with three services that run, or none, and the same files. */
async function prepare({ bare }: Way): Promise<void> {
  const services = ['web httpd:2.4', 'etcd etcd:3.4', 'db db'];
  const kept = bare ? '-' : services.map((service) => service.split(' ')[0]).join('|');
  await host.sh(
    `rm -rf /srv/work; cp -r /srv/files /srv/work
     others=$(ls /var/lib/berth/deployments 2>/dev/null | grep -Ev '^(${kept})$' || true)
     [ -z "$others" ] || berth uninstall --force $others`,
  );
  if (bare) return;
  await host.sh(
    `while read -r name image; do
       [ -e /var/lib/berth/deployments/$name/current ] || berth install --name $name registry.example.com/$image
       systemctl start $name
     done`,
    { input: services.join('\n').concat('\n') },
  );
}

async function run(example: string, { terminal, endless }: Way): Promise<{ status: number; shown: string }> {
  if (terminal !== undefined) {
    const [shows, keys] = terminal;
    const command = `cd /srv/work; export EDITOR=nano; ${example}`;
    const { status, lines } = await Terminal.run(host, 120, command, async (screen) => {
      await screen.waitFor(shows);
      await screen.type(keys);
    });
    return { status, shown: lines.join('\n') };
  }
  const line = endless ? `timeout --preserve-status --signal INT 2 ${example}` : example;
  const options = { cwd: '/srv/work' };
  const { exitCode, combined } = await host.run('bash', ['-c', `set -o pipefail; ${line}`], options);
  return { status: exitCode, shown: combined };
}

const wayOf = (example: string): Way => WAYS.find(({ like }) => like.test(example)) ?? { like: /^/ };

// Those that begin with nothing come first: the services of the others are installed once.
for (const example of examples.toSorted((a, b) => Number(wayOf(b).bare ?? 0) - Number(wayOf(a).bare ?? 0))) {
  const reason = NOT_HERE.get(example);
  test(`runs: ${example}`, { skip: reason ?? false }, async () => {
    const way = wayOf(example);
    await prepare(way);
    await host.sh(way.before ?? 'true', { cwd: '/srv/work' });
    const { status, shown } = await run(example, way);
    await host.sh(way.after ?? 'true');
    assert.equal(status, way.endless ? 130 : 0, shown);
  });
}

test('what cannot run here is an example still', () => {
  assert.ok(examples.length > 50);
  for (const example of NOT_HERE.keys()) assert.ok(examples.includes(example), example);
});
