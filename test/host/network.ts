import { execa } from 'execa';
import type { Host } from './host.ts';

/** Gives hosts one network: the first has the address 192.0.2.1, the others 192.0.2.11 and so on. */
export async function connect(bridge: Host, ...hosts: Host[]): Promise<void> {
  await bridge.sh(
    'ip link add bridge type bridge; ip address add 192.0.2.1/24 dev bridge; ip link set bridge up',
  );
  for (const [index, host] of hosts.entries()) {
    const cable = `cable${index + 1}`;
    // The far end is named by a process of its host, as this machine numbers it.
    await execa('nsenter', [
      ...['--target', String(bridge.init), '--net'],
      ...['ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'network', 'netns', String(host.init)],
    ]);
    await bridge.sh(`ip link set ${cable} master bridge up`);
    await host.sh(`ip address add 192.0.2.${11 + index}/24 dev network; ip link set network up`);
  }
}
