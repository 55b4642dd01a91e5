import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';

interface Report {
  well: boolean;
  findings: { check: string; state: string; what: string; hint: string | null }[];
}

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', '--name', 'svc', 'sleeper');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function doctor(): Promise<Report & { exitCode: number; stderr: string }> {
  const { stdout, stderr, exitCode } = await host.berth('doctor', '--json');
  return { ...(JSON.parse(stdout) as Report), exitCode, stderr };
}

function problems({ findings }: Report): Report['findings'] {
  return findings.filter(({ state }) => state === 'problem');
}

test('doctor finds nothing wrong with a host that is well, and leaves nothing there', async () => {
  const before = await host.sh('find /var/lib/berth -not -name lock | sort');
  const report = await doctor();
  assert.deepEqual(problems(report), []);
  assert.deepEqual([report.well, report.exitCode, report.stderr], [true, 0, '']);
  assert.match(JSON.stringify(report.findings), /systemd \d+.* is PID 1/);
  assert.equal(await host.sh('find /var/lib/berth -not -name lock | sort'), before);
});

/** What is broken, by a script, what is found, and the hint that mends it. Where none does, a script does. */
const TROUBLES: { breaks: string; check: string; what: RegExp; hint: RegExp; mends?: string }[] = [
  {
    breaks: 'mkdir -p /etc/berth; echo "runtime: /usr/bin/nothing" >/etc/berth/berth.yaml',
    check: 'runtime',
    what: /^no OCI runtime: \/usr\/bin\/nothing: not found/,
    hint: /^apt install runc/,
    mends: 'rm /etc/berth/berth.yaml',
  },
  {
    breaks: 'mv /usr/bin/prlimit /root',
    check: 'programs',
    what: /^no such program: prlimit$/,
    hint: /^apt install --reinstall util-linux$/,
    mends: 'mv /root/prlimit /usr/bin',
  },
  {
    breaks: 'mv /usr/bin/unshare /root',
    check: 'kernel',
    what: /^cannot set up the sandbox/,
    hint: /util-linux/,
    mends: 'mv /root/unshare /usr/bin',
  },
  {
    breaks: 'mkdir /var/lib/berth/store/staging/aboot',
    check: 'leftovers',
    what: /^staged, and never put in place/,
    hint: /^berth recover$/,
  },
  {
    breaks: `mkdir -p /var/lib/berth/journal
      echo '{"version":1,"boot":"x","plan":{"title":"install web","interrupted":"undo","steps":[]}}' >/var/lib/berth/journal/applying.json`,
    check: 'leftovers',
    what: /^a change was interrupted: install web$/,
    hint: /^berth recover$/,
  },
  {
    breaks: 'mkdir /var/lib/berth/deployments/svc/x; mount -t tmpfs tmpfs /var/lib/berth/deployments/svc/x',
    check: 'leftovers',
    what: /^something is mounted/,
    hint: /^umount \/var\/lib\/berth\/deployments\/svc\/x$/,
  },
  {
    breaks: `sed 's#deployments/svc#deployments/gone#g' /etc/systemd/system/svc.service >/etc/systemd/system/gone.service`,
    check: 'leftovers',
    what: /^a unit of a service that is not installed: \/etc\/systemd\/system\/gone\.service$/,
    hint: /^rm /,
  },
  {
    breaks: `systemctl stop svc
      runc run --detach --bundle /var/lib/berth/deployments/svc/0 svc </dev/null >/dev/null 2>&1`,
    check: 'leftovers',
    what: /^a container of a service that does not run: svc$/,
    hint: /^runc delete --force svc$/,
  },
  {
    breaks:
      'mkdir -p /root/.docker; echo "{}" >/root/.docker/config.json; chmod 644 /root/.docker/config.json',
    check: 'configuration',
    what: /^others than its owner may read or write credentials: \/root\/\.docker\/config\.json$/,
    hint: /^chmod 600 /,
  },
  {
    breaks: 'echo "keep: 0" >/etc/berth/berth.yaml',
    check: 'configuration',
    what: /keep must be/,
    hint: /./,
    mends: 'rm /etc/berth/berth.yaml',
  },
  {
    breaks: 'mkdir -p /etc/containers/registries.conf.d; echo "]" >/etc/containers/registries.conf.d/zz.conf',
    check: 'configuration',
    what: /zz\.conf/,
    hint: /./,
    mends: 'rm /etc/containers/registries.conf.d/zz.conf',
  },
  {
    breaks: 'mv /var/lib/berth/deployments/svc/0/deployment.json /root',
    check: 'services',
    what: /^cannot read the record/,
    hint: /./,
    mends: 'mv /root/deployment.json /var/lib/berth/deployments/svc/0/',
  },
  {
    breaks: `sed -i 's/"created": "20/"created": "21/' /var/lib/berth/deployments/svc/0/deployment.json`,
    check: 'clock',
    what: /^the clock is behind: .* svc was made at 21/,
    hint: /^timedatectl$/,
    mends: `sed -i 's/"created": "21/"created": "20/' /var/lib/berth/deployments/svc/0/deployment.json`,
  },
  {
    breaks:
      'berth auto-update enable; sed -i s/daily/weekly/ /var/lib/berth/auto-update/berth-update.timer; cp /var/lib/berth/auto-update/berth-update.timer /etc/systemd/system; systemctl daemon-reload',
    check: 'auto-update',
    what: /^berth-update\.timer is not what berth\.yaml and this berth make of it$/,
    hint: /^berth auto-update enable$/,
  },
  {
    breaks: 'berth auto-update enable; systemctl stop berth-update.timer',
    check: 'auto-update',
    what: /^berth-update\.timer does not run$/,
    hint: /^systemctl enable --now berth-update\.timer$/,
  },
  {
    breaks:
      'mount -t tmpfs -o size=1M tmpfs /var/lib/berth/; head -c 2M /dev/zero >/var/lib/berth/full || true',
    check: 'state',
    what: /^\/var\/lib\/berth is full: /,
    hint: /^berth prune --all$/,
    mends: 'umount /var/lib/berth',
  },
  {
    breaks: 'systemctl stop dbus.socket dbus.service',
    check: 'systemd',
    what: /^cannot reach systemd: the system bus/,
    hint: /./,
    mends: 'systemctl start dbus.socket',
  },
];

for (const { breaks, check, what, hint, mends } of TROUBLES) {
  test(`doctor finds ${what.source}`, async () => {
    await host.sh(breaks);
    const report = await doctor();
    const found = problems(report).find((finding) => finding.check === check && what.test(finding.what));
    assert.ok(found, JSON.stringify(problems(report)));
    if (hint.source !== '.') assert.match(found.hint ?? '', hint);
    assert.deepEqual([report.well, report.exitCode], [false, 1]);
    await host.sh(mends ?? found.hint ?? '');
    assert.deepEqual(problems(await doctor()), []);
  });
}

test('doctor tells anybody what he may see, and what he may not', async () => {
  const { stdout, stderr, exitCode } = await host.run('setpriv', [
    ...['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'berth', 'doctor'],
  ]);
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stdout, /^state +unseen +/m);
  assert.match(stdout, /^kernel +unseen +the sandbox of templates was not tried$/m);
  assert.match(stderr, /^Hint: sudo berth doctor$/m);
});
