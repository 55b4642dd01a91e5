import { REGISTRY } from '../e2e/push-image.ts';
import type { Release } from './releases.ts';

/** A command, and what the tag of the images stands for then. */
export interface Command {
  release: Release;
  args: string[];
}

/** What there may be on the host. */
export interface State {
  name: string;
  services: string[];
  /** What can run. */
  units: string[];
  /** How it is made from nothing. */
  made: Command[];
}

/** A command that is to be interrupted, and what it makes of what. */
export interface Change extends Command {
  from: State;
  to: State;
  /** Has something to prune there before. */
  littered?: true;
}

/** Services that are installed, updated and so on by one command. */
export interface Scene {
  name: string;
  install: string[];
  services: string[];
  units: string[];
}

export const ABSENT: State = { name: 'absent', services: [], units: [], made: [] };

/** An image that is not in the way of any scene. */
export const LITTER = `${REGISTRY}/whiteouts`;

export const TINY = `${REGISTRY}/tiny`;
const PLAIN = `${REGISTRY}/plain`;

export const SCENES: Scene[] = [
  { name: 'tiny', install: [TINY], services: ['tiny'], units: ['tiny.service'] },
  {
    name: 'tiny and plain',
    install: [TINY, PLAIN],
    services: ['tiny', 'plain'],
    units: ['tiny.service', 'plain.service'],
  },
  {
    name: 'tiny with a socket',
    install: ['--socket', '/run/tiny.sock', TINY],
    services: ['tiny'],
    units: ['tiny.socket', 'tiny.service'],
  },
  {
    name: 'two instances',
    install: ['--name', 'many', '--instance', 'a', '--instance', 'b', TINY],
    services: ['many@a', 'many@b'],
    units: ['many@a.service', 'many@b.service'],
  },
];

/** All that becomes of a scene: from nothing to its first release, to the next one, and back. */
export function changesOf({ name, install, services, units }: Scene): Change[] {
  const first: Command = { release: '1', args: ['install', ...install] };
  const now: Command = { release: '1', args: ['install', '--now', ...install] };
  // `--retry`: not all of them is skipped that a trial went back from.
  const update: Command = { release: '2', args: ['update', '--all', '--retry', '--soak', '1s'] };
  const old: State = { name, services, units, made: [first] };
  const next: State = { ...old, name: `${name}, updated`, made: [first, update] };
  return [
    { ...first, from: ABSENT, to: old },
    { ...now, from: ABSENT, to: old },
    { ...update, from: old, to: next },
    { release: '2', args: ['rollback', ...services], from: next, to: old },
    { release: '1', args: ['prune', '--all'], from: old, to: old, littered: true },
    { release: '1', args: ['uninstall', ...services], from: old, to: ABSENT },
    { release: '1', args: ['uninstall', '--purge', ...services], from: old, to: ABSENT },
  ];
}

/** A change in one line. */
export function title({ args }: Change, running: boolean): string {
  return `berth ${args.join(' ')}${running ? ' (running)' : ''}`;
}
