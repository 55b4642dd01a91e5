import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import type { RunResult } from '../host/run.ts';
import { assertFailure, type Failure, succeed } from './attempt.ts';
import { pushImage, REGISTRY } from './push-image.ts';
import { Terminal } from './terminal.ts';

/** What a newcomer does wrong, and how the hint leads out of it. */
interface Mistake extends Omit<Failure, 'hint'> {
  name: string;
  /** A script that makes the host so that the mistake can be made; must go well. */
  before?: string;
  /** The command line of it, for a shell. */
  does: string;
  /** A program that stands in for a person in an editor, who mends the file that it is called with. */
  editor?: string;
  /** What pasting the hint shows, where it cannot mend the matter itself. */
  shows?: RegExp;
  /** A script that goes well when it is mended, after the hint was pasted. */
  mended?: string;
  /** A script that cleans up after it. */
  after?: string;
}

const AGAIN = 'berth install sleeper && berth uninstall sleeper';

const MISTAKES: Mistake[] = [
  {
    name: 'the name of a service that is not there',
    does: 'berth status slepeer',
    status: 4,
    says: /^Error: not installed: slepeer$/m,
    shows: /^NAME +STATE/m,
  },
  {
    name: 'the name of an image that is not there',
    does: `berth install ${REGISTRY}/ectd`,
    status: 4,
    says: /^Error: not found: 127\.0\.0\.1:5000\/ectd:latest/m,
    shows: /not found: .*ectd/,
  },
  {
    name: 'a tag that is gone',
    does: 'berth install etcd:1.0',
    status: 4,
    says: /^Error: not found: 127\.0\.0\.1:5000\/etcd:1\.0/m,
    shows: /^3\.4$/m,
  },
  {
    name: 'not being root',
    does: `setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search \\
      --ambient-caps=+dac_read_search berth install sleeper`,
    status: 1,
    says: /^Error: berth must run as root/m,
    // Who is root already needs no sudo, and may have none.
    before: 'command -v sudo || ln -s /usr/bin/env /usr/local/bin/sudo',
    mended: 'berth uninstall sleeper',
  },
  {
    name: 'a host without a runtime',
    before: `mkdir /srv/away
      for each in runc crun; do mv $(command -v $each) /srv/away || true; done
      printf '#!/bin/sh\\n[ "$*" = "install runc" ] && cp -p /srv/away/runc /usr/sbin/runc\\n' >/usr/local/bin/apt
      chmod +x /usr/local/bin/apt`,
    does: 'berth install sleeper',
    status: 1,
    says: /^Error: no OCI runtime: runc or crun: not found$/m,
    mended: AGAIN,
    after: 'rm /usr/local/bin/apt; [ ! -e /srv/away/crun ] || mv /srv/away/crun /usr/bin',
  },
  {
    name: 'a host where nothing answers on the bus',
    before: 'systemctl stop dbus.socket dbus.service',
    does: 'berth install sleeper',
    status: 1,
    says: /^Error: cannot reach systemd: the system bus/m,
    mended: AGAIN,
  },
  {
    name: 'a command that is misspelt',
    does: 'berth instal sleeper',
    status: 2,
    says: /^Error: unknown command 'instal'$/m,
    mended: 'berth uninstall sleeper',
  },
  {
    name: 'an option that is misspelt',
    does: 'berth install --noenable sleeper',
    status: 2,
    says: /^Error: unknown option '--noenable'$/m,
    mended: 'berth uninstall sleeper',
  },
  {
    name: 'a command of systemctl',
    before: 'berth install sleeper',
    does: 'berth start sleeper',
    status: 2,
    says: /^Error: unknown command 'start'$/m,
    mended: 'systemctl is-active sleeper && berth uninstall sleeper',
  },
  {
    name: 'a registry that is down',
    before: 'systemctl stop test-registry',
    does: 'berth install sleeper',
    status: 1,
    says: /^Error: cannot reach the registry: 127\.0\.0\.1:5000: connect ECONNREFUSED/m,
    shows: /curl: \(7\) Failed to connect to 127\.0\.0\.1 port 5000/,
    after: 'systemctl start test-registry',
  },
  {
    name: 'a registry without TLS',
    before: `ip address add 192.0.2.10/32 dev lo
      systemd-run --quiet --unit=plain --socket-property=ListenStream=192.0.2.10:5000 \\
        /lib/systemd/systemd-socket-proxyd 127.0.0.1:5000`,
    does: 'berth install 192.0.2.10:5000/sleeper',
    status: 1,
    says: /^Error: cannot reach the registry: 192\.0\.2\.10:5000: it does not speak TLS$/m,
    mended: 'berth install 192.0.2.10:5000/sleeper && berth uninstall sleeper',
  },
  {
    name: 'a port that is taken',
    before: 'systemd-run --quiet --unit=squatter --socket-property=ListenStream=8080 sleep infinity',
    does: 'berth install --now --name web --socket 8080 listener',
    status: 1,
    says: /Address already in use/,
    shows: /:8080 .*systemd/,
    after: 'systemctl stop squatter.socket',
  },
  {
    name: 'an image for other machines',
    does: 'berth install foreign',
    status: 1,
    says: /^Error: no image for this platform: linux\/\S+: there is linux\/riscv64: 127\.0\.0\.1:5000\/foreign/m,
    shows: /"mediaType"/,
  },
  {
    name: 'an image that is made to run once',
    does: 'berth install once',
    status: 2,
    says: /^Error: cannot install once: its label atomic\.run=once/m,
    shows: /^it has run$/m,
  },
  {
    name: 'a variable without a value',
    does: 'berth install missing-value',
    status: 1,
    says: /^Error: a variable has no value: GREETING/m,
    mended: 'berth uninstall missing-value',
  },
  {
    name: 'a variable that is misspelt',
    does: 'berth install --set ECTD_NAME=x etcd',
    status: 1,
    says: /^Error: cannot set ECTD_NAME: etcd: the image has no such variable$/m,
    shows: /ETCD_NAME/,
  },
  {
    name: 'a file in the way',
    before: 'echo mine >/usr/local/bin/etcdctl',
    does: 'berth install etcd',
    status: 1,
    says: /^Error: cannot install: \/usr\/local\/bin\/etcdctl: a file is there/m,
    mended: 'berth install etcd && berth uninstall etcd && grep mine /usr/local/bin/etcdctl.old',
  },
  {
    name: 'a unit that is masked',
    before: 'systemctl mask sleeper.service',
    does: 'berth install sleeper',
    status: 1,
    says: /^Error: cannot install: \/etc\/systemd\/system\/sleeper\.service: a file is there/m,
    mended: AGAIN,
  },
  {
    name: 'a name that is taken by another unit',
    before: 'printf "[Service]\\nExecStart=/bin/true\\n" >/etc/systemd/system/sleeper.service',
    does: 'berth install --no-enable sleeper',
    status: 1,
    says: /^Error: cannot install: \/etc\/systemd\/system\/sleeper\.service: a file is there/m,
    mended: 'berth uninstall sleeper-2',
    after: 'rm /etc/systemd/system/sleeper.service',
  },
  {
    name: 'two images of one name',
    does: `berth install etcd ${REGISTRY}/etcd:3.4`,
    status: 2,
    says: /^Error: two of these images would be the service etcd$/m,
    mended: 'berth uninstall etcd-2',
  },
  {
    name: 'a service that others need, and is not there',
    does: 'berth install --requires etcd.service sleeper',
    status: 1,
    says: /^Error: cannot install sleeper: sleeper\.service requires etcd\.service, which is not installed$/m,
    mended: 'berth install --requires etcd.service sleeper && berth uninstall sleeper etcd',
  },
  {
    name: 'a service that does not start',
    does: 'berth install --now broken',
    status: 1,
    says: /^Error: cannot start: broken\.service: .*no such file/ms,
    shows: /no-such-program/,
  },
  {
    name: 'a command inside a service that does not run',
    before: 'berth install sleeper',
    does: 'berth exec sleeper -- true',
    status: 3,
    says: /^Error: not running: sleeper/m,
    mended: 'berth exec sleeper -- /bin/sh -c true && berth uninstall sleeper',
  },
  {
    name: 'a mistake in host.yaml',
    before: `mkdir -p /etc/berth; printf 'version: 1\\nservices:\\n  sleeper: { imgae: sleeper }\\n' >/etc/berth/host.yaml`,
    does: 'berth apply',
    status: 1,
    says: /^Error: cannot use what is declared: .*host\.yaml:3:\d+: /ms,
    editor: "sed -i 's/imgae/image/' $2",
    mended: 'berth apply && berth uninstall sleeper && rm /etc/berth/host.yaml',
  },
  {
    name: 'a key of berth.yaml that is misspelt',
    before: `mkdir -p /etc/berth; echo 'registrys: {}' >/etc/berth/berth.yaml`,
    does: 'berth install sleeper',
    status: 1,
    says: /^Error: unknown key: \/etc\/berth\/berth\.yaml: registrys$/m,
    editor: 'sed -i s/registrys/registries/ $2',
    mended: AGAIN,
    after: 'rm /etc/berth/berth.yaml',
  },
  {
    name: 'the name of a service below a root',
    before: 'mkdir -p /srv/tree',
    does: 'berth --root /srv/tree status web',
    status: 4,
    says: /^Error: not installed: web$/m,
    shows: /^NAME +STATE/m,
  },
  {
    name: 'a root that is not there',
    does: 'berth --root /srv/image list',
    status: 2,
    says: /^Error: no such directory: --root \/srv\/image$/m,
    mended: 'berth --root /srv/image list',
  },
];

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await pushImage(host, 'once', {
    from: 'base',
    files: {},
    config: { Cmd: ['/bin/echo', 'it has run'], Labels: { 'atomic.run': 'once' } },
  });
  await pushImage(host, 'foreign', { files: { 'etc/hostname': 'x\n' }, architecture: 'riscv64' });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

/** The command of a hint: all of it, or what stands behind words and a colon. */
function commandOf({ stderr }: RunResult): string {
  const [, hint = ''] = /^Hint: (.*)$/m.exec(stderr) ?? [];
  assert.notEqual(hint, '', stderr);
  return hint.slice(hint.lastIndexOf(': ') + 1).trim();
}

for (const mistake of MISTAKES) {
  test(`out of ${mistake.name}`, async () => {
    await host.sh(mistake.before ?? 'true');
    try {
      const made = await host.run('bash', ['-c', mistake.does]);
      assertFailure(made, mistake);
      await paste(commandOf(made), mistake);
      await host.sh(mistake.mended ?? 'true');
    } finally {
      await host.sh(mistake.after ?? 'true');
    }
  });
}

async function paste(command: string, { editor = 'exit 1', shows }: Mistake): Promise<void> {
  await host.sh('echo "$PROGRAM" >/root/edit; chmod +x /root/edit', {
    env: { PROGRAM: `#!/bin/sh\n${editor}` },
  });
  const { exitCode, combined } = await host.run('bash', ['-c', command], { env: { EDITOR: '/root/edit' } });
  if (shows === undefined) assert.equal(exitCode, 0, `${command}\n${combined}`);
  else assert.match(combined, shows, command);
}

test('out of a password that is wrong', async () => {
  await host.sh(
    `systemd-run --quiet '${process.execPath}' '${CHECKOUT}/test/e2e/guarded-registry.ts' 5002
     until (: </dev/tcp/127.0.0.1/5002) 2>/dev/null; do sleep 0.05; done
     mkdir -p /run/containers/0
     echo '{"auths":{"127.0.0.1:5002":{"auth":"'$(printf me:wrong | base64)'"}}}' >/run/containers/0/auth.json`,
  );
  const does = ['install', '127.0.0.1:5002/sleeper'];
  const made = await host.berth(...does);
  assertFailure(made, { status: 1, says: /^Error: the credential is refused: 127\.0\.0\.1:5002/m });
  const { status } = await Terminal.run(host, 80, commandOf(made), async (terminal) => {
    await terminal.waitFor(/^Name for .*:$/m);
    await terminal.type('me Enter');
    await terminal.waitFor(/^Password:$/m);
    await terminal.type('secret Enter');
  });
  assert.equal(status, 0);
  await succeed(host, ...does);
});

test('out of a full disk', async () => {
  await using small = await Host.boot({ registry: true, storeMiB: 512 });
  await succeed(small, 'pull', 'httpd');
  await small.sh(
    `free=$(df --output=avail --block-size=1 /var/lib/berth | tail -1)
     fallocate --length $((free - (12 << 20))) /var/lib/berth/filler`,
  );
  const full = await small.berth('install', 'etcd');
  assertFailure(full, { status: 1, says: /^Error: cannot pull \S+\/etcd:latest: .* needs at least/m });
  await small.sh(commandOf(full));
  await succeed(small, 'install', 'etcd');
});
