import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';

let host: Host;

interface Entry {
  service: string;
  unit: string;
  time: string;
  pid: number;
  message: string;
}

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', '--socket', '7001', 'listener');
  await succeed(host, 'install', '--name', 'fails', 'crashing');
  await host.sh(
    'systemctl start fails; systemctl stop fails; systemctl start listener; systemctl stop listener.service',
  );
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function entries(...args: string[]): Promise<Entry[]> {
  const { stdout } = await succeed(host, 'logs', '--json', ...args);
  return stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line) as Entry);
}

test('logs shows what a service says and what systemd says of it, under the name of the service', async () => {
  const { stdout } = await succeed(host, 'logs', 'fails');
  assert.match(
    stdout,
    /^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d fails\[\d+\]: the disk of this service is missing$/m,
  );
  assert.match(stdout, /^[A-Z][a-z]{2} \d\d [\d:]{8} systemd\[1\]: Started fails/m);
  assert.doesNotMatch(stdout, /listener/);
});

test('logs puts several services in the order of time, their sockets with them', async () => {
  const all = await entries('listener', 'fails');
  assert.deepEqual(new Set(all.map(({ service }) => service)), new Set(['fails', 'listener']));
  assert.ok(all.some(({ unit, service }) => unit === 'listener.socket' && service === 'listener'));
  const times = all.map(({ time }) => time);
  assert.deepEqual(times, times.toSorted());
  assert.deepEqual(await entries(), all);
});

test('logs takes the last entries, and times as people write them', async () => {
  const all = await entries('fails');
  assert.deepEqual(await entries('-n', '2', 'fails'), all.slice(-2));
  const third = all[2]?.time ?? '';
  assert.deepEqual(await entries('--since', third, '--boot', 'fails'), all.slice(2));
  assert.deepEqual(await entries('--until', third, 'fails'), all.slice(0, 3));
  assert.deepEqual(await entries('--since', '1h', 'fails'), all);
  assert.deepEqual(await entries('--until', '1h', 'fails'), []);
});

test('logs of one service has nothing that another says in its name', async () => {
  await host.sh(`printf 'UNIT=fails.service\\nSYSLOG_IDENTIFIER=systemd\\nMESSAGE=\\033[31mforged\\n' |
    systemd-run --quiet --wait --pipe --unit listener-forger logger --journald`);
  assert.ok((await entries('fails')).every(({ message }) => !message.includes('forged')));
});

test('logs -f goes on until Ctrl-C, and ends with 130 and without a word', async () => {
  const { stdout, stderr, exitCode } = await host.run('bash', [
    '-c',
    `berth logs -f -n 0 listener >/tmp/followed & follower=$!
     sleep 1; systemctl start listener.service
     until grep -q 'Started listener' /tmp/followed; do sleep 0.1; done
     kill -INT $follower; wait $follower; status=$?; cat /tmp/followed; exit $status`,
  ]);
  assert.equal(exitCode, 130);
  assert.equal(stderr, '');
  assert.match(stdout, /systemd\[1\]: Started listener/);
  assert.equal(await host.sh('pgrep --exact journalctl || true'), '');
});

test('what follows the journal ends when nobody reads it any longer, though nothing more happens', async () => {
  await host.sh(`berth logs -f -n 1 listener | head -n 1 >/tmp/line; test -s /tmp/line
    berth events -f --since now listener | true`);
  assert.equal(await host.sh('pgrep --exact journalctl || true'), '');
});

test('logs says what is wrong with a name, a number and a time', async () => {
  assertFailure(await host.berth('logs', 'nobody'), {
    status: 4,
    says: /not installed: nobody/,
    hint: /^Hint: /m,
  });
  assertFailure(await host.berth('logs', '-n', 'many', 'fails'), {
    status: 2,
    says: /not a number of lines/,
  });
  assertFailure(await host.berth('logs', '--since', 'once', 'fails'), {
    status: 2,
    says: /not a time: once/,
  });
});

test('below another root, logs reads the journal that is there', async () => {
  await host.sh(
    'mkdir /srv/other; cp -a --parents /var/log/journal /var/lib/berth/deployments /srv/other 2>/dev/null || true',
  );
  const { stdout } = await succeed(host, '--root', '/srv/other', 'logs', 'fails');
  assert.match(stdout, /the disk of this service is missing/);
});
