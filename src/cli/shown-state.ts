import { withDetail } from '../systemd/unit-state.ts';

/** A state for a person, such as "active (running)"; "-" for what has none. */
export function shownState({ state, subState }: { state: string | null; subState: string | null }): string {
  return state === null || subState === null ? '-' : withDetail(state, subState);
}
