/**
 * The main job, shown on a throwaway host: two images in a registry become two native services, and
 * nothing is left when they are uninstalled. Every command's output is real; what must hold is checked,
 * and the first thing that does not ends the demo with exit status 1.
 */
import { styleText } from 'node:util';
import { Host } from './host/host.ts';

const began = Date.now();
let name: string;
{
  say('Boot a throwaway host with systemd as PID 1, and a registry on its loopback');
  await using host = await Host.boot({ registry: true, hostname: 'demo' });
  name = host.name;
  await host.sh(
    'mkdir -p /etc/berth; echo "registries: { search: [\'127.0.0.1:5000\'] }" >/etc/berth/berth.yaml',
  );
  const before = await listing(host);

  say('Install etcd: its image ships the unit template, in the dialect of Project Atomic');
  await show(host, 'berth install --system --now etcd');
  await show(host, 'systemctl cat --no-pager etcd');
  await show(host, 'systemctl status --no-pager --lines=3 etcd', /payload\n.*\/usr\/bin\/etcd/);
  await show(host, 'etcdctl put greeting hello', /^OK$/);
  await show(host, 'etcdctl get greeting', /^greeting\nhello$/);

  say('Install httpd: templates in EJS, a page from the host, port 80');
  await show(host, 'berth install --system --now httpd');
  await host.sh('echo "<h1>Hello from the host</h1>" >/var/www/html/index.html');
  await show(host, 'systemctl status --no-pager --lines=0 httpd', /payload\n.*apache2/);
  await show(host, 'curl --silent --show-error http://127.0.0.1/', /Hello from the host/);
  await show(host, 'berth list', /etcd +active.*\nhttpd +active/);

  say('Nothing of berth, and no runtime, stands beside the services');
  await show(host, 'pgrep --exact --list-name "berth|node|runc" || echo none', /^none$/);

  say('Uninstall both: files, units, mounts and cgroups are gone, the data of etcd stays');
  await show(host, 'berth uninstall etcd httpd');
  await show(
    host,
    'systemctl list-units --all --plain --no-legend "etcd*" "httpd*" | grep . || echo none',
    /^none$/,
  );
  await show(host, 'grep /var/lib/berth/deployments /proc/self/mountinfo || echo none', /^none$/);
  await show(host, 'find /sys/fs/cgroup -name "etcd*" -o -name "httpd*" | grep . || echo none', /^none$/);
  await show(host, 'ls /var/lib/etcd', /^member$/);
  const after = await listing(host);
  expect(
    after === before,
    `the listing of /etc, /usr/local, /run and the deployments differs:\n${before}\n--\n${after}`,
  );
  console.log('/etc, /usr/local and the deployments are as they were before the first command.');
}
const left = await Host.leftovers(name);
expect(left.length === 0, `left on this machine: ${left.join(', ')}`);
say(`Done in ${((Date.now() - began) / 1000).toFixed(1)} s, and this machine is as it was`);

function say(text: string): void {
  console.log(`\n${styleText('bold', `# ${text}`)}`);
}

/** Runs a command line in the host and prints both; ends the demo unless it succeeds and says what it must. */
async function show(host: Host, command: string, expected?: RegExp): Promise<void> {
  console.log(styleText('green', `$ ${command}`));
  const { combined, stdout, exitCode } = await host.run('bash', ['-c', command]);
  if (combined !== '') console.log(combined);
  expect(exitCode === 0, `exit status ${exitCode}`);
  if (expected !== undefined) expect(expected.test(stdout), `this was to match ${expected}`);
}

/** Every file that an install could leave behind, with owner, mode and content. */
async function listing(host: Host): Promise<string> {
  return host.sh(
    `cd /; find etc usr/local run/runc var/lib/berth/deployments ! -type d -printf '%p %U:%G %m %l ' \\( -type f -exec sha256sum {} \\; -o -print \\) 2>/dev/null | sort || true`,
  );
}

function expect(holds: boolean, otherwise: string): void {
  if (holds) return;
  console.error(styleText('red', `The demo failed: ${otherwise}`));
  // Throwing, not exiting, so that the host is taken down.
  throw new Error('the demo failed');
}
