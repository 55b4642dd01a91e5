import type { Host } from '../host/host.ts';
import { expect, onHost, say, show } from './stage.ts';

/** Two images in a registry become two native services, and nothing is left when they are uninstalled. */
export async function showServices(): Promise<void> {
  say('Boot a throwaway host with systemd as PID 1, and a registry on its loopback');
  await onHost({}, async (host) => {
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
  });
}

/** Every file that an install could leave behind, with owner, mode and content. */
async function listing(host: Host): Promise<string> {
  const places = 'etc usr/local run/runc var/lib/berth/deployments';
  return host.sh(
    `cd /; (find ${places} ! -type d -printf '%p %U:%G %m %l\\n'; find ${places} -type f -exec sha256sum {} +) 2>/dev/null | sort || true`,
  );
}
