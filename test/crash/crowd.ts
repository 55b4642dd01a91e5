import assert from 'node:assert/strict';
import type { Host } from '../host/host.ts';
import type { Random } from '../random.ts';
import { succeed } from './succeed.ts';

/** What everybody may type at any time, and how else than with 0 it may end. */
const COMMANDS: ((random: Random) => string[])[] = [
  () => ['install', 'tiny'],
  (random) => ['install', '--name', random.pick(['a', 'b']), 'whiteouts'],
  (random) => ['uninstall', random.pick(['tiny', 'a', 'b'])],
  () => ['list'],
  () => ['images'],
  () => ['verify', '--images'],
  () => ['fsck'],
  () => ['prune', '--all'],
];

/** Starts so many commands at once: none may fail, but to uninstall what is not there. */
export async function crowd(
  host: Host,
  count: number,
  random: Random,
  tell: (line: string) => void,
): Promise<void> {
  const commands = Array.from({ length: count }, () => random.pick(COMMANDS)(random));
  tell(`${count} at once: ${commands.map((args) => args.join(' ')).join(', ')}`);
  const results = await Promise.all(commands.map((args) => host.berth(...args)));
  for (const [index, { exitCode, combined, stderr }] of results.entries()) {
    const args = commands[index] ?? [];
    const title = `berth ${args.join(' ')}\n${combined}`;
    if (args[0] === 'uninstall' && exitCode === 4) assert.match(stderr, /^Error: not installed: /m, title);
    else assert.equal(exitCode, 0, title);
    assert.doesNotMatch(stderr, /recovered:|^ +at /m, title);
  }
  for (const args of [['verify', '--images'], ['fsck']]) await succeed(host, 'berth', ...args);
  assert.equal(
    await host.sh('find /var/lib/berth/journal /var/lib/berth/store/staging -mindepth 1'),
    '',
    'something is left',
  );
  const left = (await succeed(host, 'berth', 'list', '--json')).stdout;
  const names = ['tiny', 'a', 'b'].filter((name) => left.includes(`"${name}"`));
  if (names.length > 0) await succeed(host, 'berth', 'uninstall', ...names);
}
