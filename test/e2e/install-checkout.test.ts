import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const berth = (...args: string[]) => succeed(host, ...args);

test('two services of one image share every file that has content', async () => {
  const inodes = (name: string) =>
    host.sh(
      `cd /var/lib/berth/deployments/${name}/0/rootfs; find . -type f -size +0 -printf '%P %i\\n' | sort`,
    );
  await berth('install', '--name', 'web', 'httpd-plain');
  await berth('install', '--name', 'web2', 'httpd-plain');
  const first = await inodes('web');
  assert.equal(await inodes('web2'), first);
  assert.ok(first.split('\n').length > 1000);
});

test('services of one image take the memory of its files once', async () => {
  const instances = ['a', 'b', 'c', 'd', 'e'];
  const options = instances.flatMap((instance) => ['--instance', instance]);
  await berth('install', '--now', '--name', 'many', ...options, 'sleeper');
  // Without what is no file's. Of a page that several map, Pss counts only this one's share.
  const ofFiles = async (instance: string) => {
    const pid = await host.sh(`systemctl show --value --property MainPID many@${instance}`);
    const sums = '/^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } /^Pss_Anon:/ { own = $2 }';
    const print = 'END { print rss - own, pss - own }';
    return (await host.sh(`awk '${sums} ${print}' /proc/${pid}/smaps_rollup`)).split(' ').map(Number);
  };
  const sizes = await Promise.all(instances.map(ofFiles));
  const alone = Math.max(...sizes.map(([rss = 0]) => rss));
  const together = sizes.reduce((sum, [, pss = 0]) => sum + pss, 0);
  assert.ok(alone > 500 && together < 1.2 * alone, `${instances.length}: ${together} KiB, one: ${alone} KiB`);
});

test('a checkout equals what umoci unpacks', async () => {
  await host.sh(`skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://${REGISTRY}/httpd-plain oci:/tmp/layout:it
    umoci unpack --image /tmp/layout:it /tmp/unpacked`);
  const tree = async (root: string) => {
    const text = await host.sh(`cd ${root}
      find . -mindepth 1 \\( -type f -printf '%p %y %m %U:%G %Ts %s\\n' \\) -o -printf '%p %y %m %U:%G %Ts %l\\n'
      find . -type f -print0 | xargs -0 sha256sum
      getcap -r .`);
    return text.split('\n').sort();
  };
  const [mine, theirs] = [
    await tree('/var/lib/berth/deployments/web/0/rootfs'),
    await tree('/tmp/unpacked/rootfs'),
  ];
  // What config.json mounts needs a place to be mounted on, which gives the directory above a new time.
  const added = ['./srv d', './srv/data d', './etc d', './etc/resolv.conf f', './etc/hosts f'];
  const known = (line: string) => added.some((start) => line.startsWith(start)) || line.startsWith(EMPTY);
  assert.deepEqual(
    mine.filter((line) => !known(line)),
    theirs.filter((line) => !known(line)),
  );
  assert.ok(mine.some((line) => / f 4755 /.test(line)));
  await host.sh('rm -r /tmp/unpacked /tmp/layout');
});

test('a checkout has the whiteouts, devices, capabilities, links and times of the image', async () => {
  await berth('install', '--no-enable', '--name', 'odd', 'whiteouts');
  const facts = await host.sh(`cd /var/lib/berth/deployments/odd/0/rootfs
    find data -type f | sort
    stat --format '%n %A %u:%g %t:%T' odd/null odd/disk odd/fifo bin/setuid odd/Grüße
    getcap bin/capable
    stat --format %h links/first; readlink links/symbolic links/absolute`);
  assert.deepEqual(facts.split('\n'), [
    ...['data/hidden', 'data/kept/other', 'data/opaque/new', 'data/removed/file'],
    'odd/null crw-r--r-- 0:0 1:3',
    'odd/disk brw-r--r-- 0:0 7:c8',
    'odd/fifo prw-r--r-- 0:0 0:0',
    'bin/setuid -rwsr-xr-x 0:0 0:0',
    'odd/Grüße -rw-r--r-- 12345:23456 0:0',
    'bin/capable cap_net_raw=ep',
    // Its two names, and the object.
    '3',
    'first',
    '/etc/absolute',
  ]);
});
