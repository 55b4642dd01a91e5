import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import { listBlobs, listLayers, listObjects } from '../../src/store/contents.ts';
import { checkStore } from '../../src/store/fsck.ts';
import { prune } from '../../src/store/prune.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { CHECKOUT } from '../host/checkout.ts';
import { FakeRegistry } from '../unit/transport/fake-registry.ts';
import { type Attack, CANARY } from './attack.ts';
import { attacks } from './attacks.ts';
import { fingerprint, makeCanary } from './canary.ts';
import { BUNDLE, type Ending, type Order, type Verdict } from './orders.ts';

// Tries every attack on a victim, as root in a throwaway host, and prints a verdict for each, a line of
// JSON, and last of all what has changed anywhere else.

const GIVE_UP = 60_000;
const HANG = 90_000;
const VICTIM = join(CHECKOUT, BUNDLE, 'victim.js');
/** Beyond this peak a victim is not used again: what one attack left in memory is not the next one's. */
const WORN_OUT = 125_000_000;
const MARKER = '/run/before-the-attacks';
const ELSEWHERE = ['/etc', '/usr', '/opt', '/srv', '/boot', '/home', '/dev', '/tmp'];

await using registry = await FakeRegistry.start();
const store = createStore('/var/lib/berth/store');
makeCanary(CANARY);
writeFileSync(MARKER, '');
const canary = fingerprint(CANARY);
let victim = fork(VICTIM);
for (const [number, attack] of attacks.entries()) print(await tryOn(number, attack));
victim.kill('SIGKILL');
print({ name: 'elsewhere', outcome: '', message: '', peakBytes: 0, seconds: 0, wrongs: changedElsewhere() });

async function tryOn(number: number, attack: Attack): Promise<Verdict> {
  const repository = `attack-${number}`;
  attack.place(registry, repository);
  const begin = Date.now();
  const order = { attack: number, reference: `${registry.host}/${repository}`, milliseconds: GIVE_UP };
  const ending = await attempt(victim, order);
  const seconds = (Date.now() - begin) / 1000;
  const wrongs = [
    ...seenWrongs(attack),
    ...childrenOf(victim),
    ...(await storeWrongs(store)),
    ...hostWrongs(),
  ];
  if (ending.peakBytes === 0 || ending.peakBytes > WORN_OUT) {
    victim.kill('SIGKILL');
    victim = fork(VICTIM);
  }
  registry.clear();
  return { name: attack.name, ...ending, seconds, wrongs };
}

/** How it ends for a victim, which lives on unless it crashed. */
async function attempt(victim: ChildProcess, order: Order): Promise<Ending> {
  let timer: NodeJS.Timeout | undefined;
  const ending = await new Promise<Ending>((resolve) => {
    const lost = (outcome: string, message: string) => resolve({ outcome, message, peakBytes: 0 });
    victim.once('message', (message) => resolve(message as Ending));
    victim.once('exit', (status, signal) => lost('crash', `the process ended: ${status ?? signal}`));
    timer = setTimeout(() => lost('hang', `nothing for ${HANG} ms`), HANG);
    victim.send(order);
  });
  clearTimeout(timer);
  victim.removeAllListeners('exit');
  return ending;
}

function childrenOf({ pid, exitCode }: ChildProcess): string[] {
  if (exitCode !== null) return [];
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' '))
    .filter(Boolean)
    .map((child) => `process ${child} is left`);
}

function seenWrongs({ seen }: Attack): string[] {
  try {
    seen?.(registry);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

/** Whatever is in the store must be verified and belong to a whole layer or image; then it is emptied. */
async function storeWrongs(store: Store): Promise<string[]> {
  const { problems } = await checkStore(store);
  const layers = names(listLayers(store));
  const strays = prune(store, { layers, blobs: names(listBlobs(store)) }, { dryRun: true });
  const staged = readdirSync(store.staging);
  prune(store, { layers: new Set(), blobs: new Set() }, { dryRun: false });
  return [
    ...problems.map(({ path, what }) => `${path}: ${what}`),
    ...(strays.objects > 0 ? [`${strays.objects} objects that no layer has`] : []),
    ...staged.map((name) => `staging has ${name}`),
    ...[...listObjects(store)].map(({ path }) => `${path}: cannot be freed`),
  ];
}

function names<Name>(entries: Iterable<{ name: Name | undefined }>): Set<Name> {
  return new Set([...entries].flatMap(({ name }) => name ?? []));
}

function hostWrongs(): string[] {
  const now = fingerprint(CANARY);
  const strangers = readdirSync('/var/lib/berth').filter(
    (name) => !['canary', 'journal', 'lock', 'store'].includes(name),
  );
  return [
    ...now.filter((line) => !canary.includes(line)).map((line) => `canary: ${line}`),
    ...(now.length < canary.length ? ['canary: something is gone'] : []),
    ...strangers.map((name) => `/var/lib/berth/${name} is new`),
  ];
}

/** What anybody has changed since the beginning, by the time of the inode. */
function changedElsewhere(): string[] {
  const found = execFileSync('find', [...ELSEWHERE, '-xdev', '-cnewer', MARKER, '-not', '-type', 'd'], {
    encoding: 'latin1',
  });
  return found.split('\n').filter(Boolean);
}

function print(verdict: Verdict): void {
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}
