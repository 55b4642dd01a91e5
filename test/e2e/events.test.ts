import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ServiceEvent } from '../../src/deployment/events/read-events.ts';
import { Host } from '../host/host.ts';
import { assertFailure, succeed } from './attempt.ts';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await succeed(host, 'install', '--now', '--name', 'svc', 'sleeper');
  await succeed(host, 'update', '--soak', '0', '--set', 'UUID=1234', 'svc');
  await succeed(host, 'rollback', 'svc');
  await host.sh('systemctl stop svc');
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

async function events(...args: string[]): Promise<ServiceEvent[]> {
  const { stdout } = await succeed(host, 'events', '--json', ...args);
  return stdout === '' ? [] : stdout.split('\n').map((line) => JSON.parse(line) as ServiceEvent);
}

test('events shows what berth did to a service and what systemd did then, in the order of time', async () => {
  const found = await events('svc');
  const times = found.map(({ time }) => time);
  assert.deepEqual(times, times.toSorted());
  const told = found.map(({ source, action }) => `${source} ${action}`);
  const own = found.filter(({ source }) => source === 'berth');
  assert.deepEqual(
    own.map(({ action, deployment, previous, ok }) => [action, deployment, previous, ok]),
    [
      ['install', 0, null, true],
      ['values', 1, 0, true],
      ['rollback', 0, 1, true],
    ],
  );
  assert.match(own[0]?.digest ?? '', /^sha256:[0-9a-f]{64}$/);
  assert.match(own[0]?.image ?? '', /sleeper/);
  assert.ok(told.indexOf('systemd started') < told.indexOf('berth install'), told.join());
  assert.equal(told.at(-1), 'systemd stopped');
  assert.ok(found.every(({ service }) => service === 'svc'));
});

test('events prints a line each, for a person', async () => {
  const { stdout } = await succeed(host, 'events', 'svc');
  assert.match(
    stdout,
    /^\d{4}-\d\d-\d\dT[\d:]{8}Z svc values 0 → deployment 1 of \S+ \([0-9a-f]{12}\): update svc$/m,
  );
  assert.match(stdout, /^\S+ svc stopped \(svc\.service\): Stopped /m);
});

test('a change that fails is an event, with the reason', async () => {
  const failed = await host.berth('install', '--now', '--name', 'fails', 'crashing');
  assert.equal(failed.exitCode, 1);
  const [event] = (await events('fails')).filter(({ source }) => source === 'berth');
  assert.deepEqual([event?.action, event?.ok, event?.deployment], ['install', false, null]);
  assert.match(event?.message ?? '', /^cannot install fails: /);
});

test('the events of a service that is gone can still be asked for, and what is about no service comes with all', async () => {
  await succeed(host, 'install', '--name', 'other', 'sleeper');
  await succeed(host, 'uninstall', 'other');
  await succeed(host, 'auto-update', 'enable');
  assert.deepEqual(
    (await events('other')).map(({ action }) => action),
    ['install', 'uninstall'],
  );
  const all = await events();
  assert.equal(all.find(({ service }) => service === null)?.message, 'auto-update enable');
});

test('what berth ended after a crash is an event', async () => {
  await host.sh(`mkdir -p /var/lib/berth/journal
    echo '{"version":1,"boot":"x","plan":{"title":"install web","interrupted":"undo","steps":[]}}' >/var/lib/berth/journal/applying.json`);
  await succeed(host, 'recover');
  const recovered = (await events()).at(-1);
  assert.deepEqual([recovered?.action, recovered?.service], ['recover', null]);
  assert.match(recovered?.message ?? '', /"install web" was interrupted and is now undone/);
});

test('a user of the host cannot forge an event', async () => {
  const count = (await events()).length;
  await host.sh(`printf 'MESSAGE=forged\\nMESSAGE_ID=393b0d412637436d9fa2ba5453a7f73a\\nSYSLOG_IDENTIFIER=berth\\n' |
    setpriv --reuid=nobody --regid=nogroup --clear-groups logger --journald
    printf 'MESSAGE=forged\\nMESSAGE_ID=39f53479d3a045ac8e11786248231fbf\\nUNIT=svc.service\\n' | logger --journald
    journalctl --sync`);
  assert.equal((await events()).length, count);
});

test('the fields in the journal are those that are documented', async () => {
  const text = await host.sh('journalctl --output=json SYSLOG_IDENTIFIER=berth BERTH_ACTION=values');
  const entry = JSON.parse(text) as Record<string, string>;
  assert.deepEqual(
    Object.keys(entry)
      .filter((name) => name.startsWith('BERTH_'))
      .sort(),
    ['ACTION', 'DEPLOYMENT', 'DIGEST', 'IMAGE', 'PREVIOUS', 'PREVIOUS_DIGEST', 'RESULT', 'SERVICE'].map(
      (name) => `BERTH_${name}`,
    ),
  );
  assert.deepEqual([entry['PRIORITY'], entry['BERTH_RESULT'], entry['BERTH_SERVICE']], ['5', 'done', 'svc']);
});

test('--since and --follow are as of logs', async () => {
  assert.deepEqual(await events('--since', '2000-01-01T00:00:00Z', 'nothing-of-this-name'), []);
  assertFailure(await host.berth('events', '--since', 'nonsense'), {
    status: 2,
    says: /not a time: nonsense/,
  });
  // What was before comes first: then it follows.
  await host.sh(`berth events -f --json svc >/tmp/followed & follower=$!
    until grep --quiet '"action":"stopped"' /tmp/followed; do sleep 0.1; done
    before=$(grep --count '"action":"started"' /tmp/followed || true); systemctl start svc
    until [ $(grep --count '"action":"started"' /tmp/followed) -gt $before ]; do sleep 0.1; done
    kill -INT $follower; wait $follower || [ $? = 130 ]`);
});

test('without a journal, changes are made all the same', async () => {
  await host.sh('rm /run/systemd/journal/socket');
  await succeed(host, 'install', '--name', 'quiet', 'sleeper');
});
