import type { Color } from './output.ts';

/** The colour of a unit's state, with or without its detail, such as "active (running)". */
export function stateColor(state: string): Color | undefined {
  switch (/^[a-z-]*/.exec(state)?.[0]) {
    case 'active':
    case 'reloading':
      return 'green';
    case 'failed':
    case 'not-found':
    case 'masked':
      return 'red';
    case 'activating':
    case 'deactivating':
      return 'yellow';
    case 'inactive':
      return 'dim';
    default:
      return undefined;
  }
}
