import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../host/checkout.ts';
import type { Host } from '../host/host.ts';
import { whyNot } from '../images/cache.ts';
import { flanneld } from '../images/flanneld/recipe.ts';
import { expect, onHost, prompt, say, show } from './stage.ts';

/** Where the drawing of the boot goes; git ignores it. */
const DRAWING = 'demo/boot.svg';

/** Three services that must come one after the other, before any container runtime: one of them is Docker itself. */
export async function showChain(): Promise<void> {
  const lack = await whyNot(flanneld);
  if (lack !== undefined) {
    say(`The chain etcd → flanneld → docker is left out: ${lack}`);
    return;
  }
  say('Install the chain etcd → flanneld → docker on another host, named in any order');
  await onHost({ uplink: true }, async (host) => {
    await show(host, 'berth install --system --now docker flanneld etcd');
    await show(host, 'berth graph');

    say('The network is in etcd, flanneld leased a subnet of it, and docker’s bridge has that subnet');
    const lease = await show(
      host,
      'etcdctl get --prefix --keys-only /coreos.com/network',
      /subnets\/10\.42\./,
    );
    const [, subnet = ''] = /subnets\/(\S+)-24/.exec(lease) ?? [];
    await show(
      host,
      "docker network inspect bridge --format '{{json .IPAM.Config}}'",
      new RegExp(`"${subnet.replaceAll('.', '\\.')}/24"`),
    );
    await host.sh(
      `tar --create --dereference --file=/root/tiny.tar --directory / bin/sh $(ldd /bin/sh | grep -o '/[^ ]*' | cut -c 2-)`,
    );
    await show(host, 'docker import /root/tiny.tar tiny');
    await show(
      host,
      'docker run --rm tiny /bin/sh -c "echo Hello from a container"',
      /^Hello from a container$/,
    );

    say('Boot again: the same order, as systemd’s own timestamps tell');
    await reboot(host);
    await show(host, 'berth graph --boot', /etcd.*\n(?:.*\n)*flanneld.*\n(?:.*\n)*docker/);
    await show(host, 'berth graph --boot --svg /root/boot.svg');
    mkdirSync(join(CHECKOUT, 'demo'), { recursive: true });
    writeFileSync(join(CHECKOUT, DRAWING), readFileSync(host.path('/root/boot.svg')));
    console.log(`The drawing is saved as ${DRAWING}.`);

    say('Boot with an etcd that does not come up: what needs it does not start, and the cause has a name');
    await show(
      host,
      'printf "[Service]\\nRestart=no\\nExecStart=\\nExecStart=/bin/sh -c \\"echo no disk >&2; exit 1\\"\\n" >/etc/systemd/system/etcd.service.d/90-broken.conf',
    );
    await reboot(host);
    await show(host, 'berth status docker; test $? = 3', /why.*etcd\.service/);
    await host.sh('rm /etc/systemd/system/etcd.service.d/90-broken.conf; systemctl daemon-reload');

    say('Uninstall all three');
    await show(host, 'berth uninstall docker flanneld etcd');
    await show(
      host,
      'systemctl list-units --all --plain --no-legend "etcd*" "flanneld*" "docker*" | grep . || echo none',
      /^none$/,
    );
  });
}

async function reboot(host: Host): Promise<void> {
  prompt('systemctl reboot');
  await host.reboot();
  const { exitCode } = await host.run('systemctl', ['is-system-running']);
  expect(exitCode <= 1, 'the host did not come up');
}
