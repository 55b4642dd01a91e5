import type { Host } from '../host/host.ts';

/** Directories may have other times and sizes afterwards: what was there for a while moved them. */
const FIND = String.raw`\( -type d -printf '%p %y %m %U:%G\n' \) -o -printf '%p %y %m %U:%G %s %l\n'`;

/**
 * What an attempt may leave behind, as sorted lines: files with owner, mode and content, systemd's unit
 * files and failed units, mounts, cgroups, containers, processes. Of the store, only what it says is
 * there: layers that were fetched and checked may stay for the next try. State of services is included.
 */
export async function stateOfHost(host: Host): Promise<string[]> {
  const text = await host.sh(`
    cd /
    find etc var/www opt srv/www ${FIND} 2>/dev/null || true
    find etc -type f -exec sha256sum {} +
    find usr/local ${FIND}
    for place in deployments journal store/staging; do
      find var/lib/berth/$place -mindepth 1 ${FIND} 2>/dev/null || true
    done
    grep '"name"\\|ref.name\\|"digest"' var/lib/berth/store/images.json 2>/dev/null | sed 's/^/image /' || true
    find var/tmp -maxdepth 1 -name 'berth-*' -not -name berth-test
    find var/lib tmp run/systemd/system run/runc run/berth -mindepth 1 -maxdepth 1 \
      -not -path var/lib/berth \\( ${FIND} \\) 2>/dev/null || true
    ls run | grep '\\.pid$' || true
    systemctl list-unit-files --no-legend --no-pager | sed 's/^/unit file /'
    systemctl list-units --state=failed --plain --no-legend --no-pager | sed 's/^/failed /'
    findmnt --raw --noheadings --output TARGET,SOURCE,FSTYPE | sed 's/^/mount /'
    find sys/fs/cgroup -type d | sed 's/^/cgroup /'
    pgrep --list-full 'runc|crun|node' | sed 's/^/process /' || true
  `);
  return [...new Set(text.split('\n'))].sort();
}

/**
 * Everything about files, down to the time of their last change: what even a look may not disturb. Of
 * /var/tmp only berth's own scratch: the rest of this machine shows through there, and is at work.
 */
export async function everyFile(host: Host): Promise<string[]> {
  const text = await host.sh(
    `find /etc /usr/local /var/lib/berth -printf '%p %y %m %U:%G %s %l %C@\\n'
     find /etc /var/lib/berth -type f -exec sha256sum {} +
     find /var/tmp -maxdepth 1 -name 'berth-scratch*'`,
  );
  return text.split('\n').sort();
}
