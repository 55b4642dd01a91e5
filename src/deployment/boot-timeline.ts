import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { hasFailed } from '../systemd/culprit.ts';
import type { Systemd, UnitState } from '../systemd/systemd.ts';
import { readCurrentRecord } from './record.ts';

/** A time in which a unit was in one state, in seconds since the timeline's begin. */
export interface Span {
  state: 'activating' | 'active' | 'deactivating' | 'failed';
  from: number;
  to: number;
}

export interface TimelineRow {
  unit: string;
  /** In order of time; empty for a unit that did not start in this time. */
  spans: Span[];
  /** Seconds; null for a unit that was not ready in this time. */
  ready: number | null;
  /** For a unit that has last started after the boot: how many seconds after its begin. */
  later: number | null;
}

/** How services started at the last boot. */
export interface Timeline {
  /** Seconds from the begin to the end of what is drawn. */
  length: number;
  /** In order of their start. */
  rows: TimelineRow[];
}

/**
 * The last start of each unit of these services, from the times that systemd keeps. The timeline begins
 * when the system began to start its services; where all of them last started after the boot, it begins
 * with the first of those starts.
 */
export async function readBootTimeline(
  names: readonly ServiceName[],
  paths: Paths,
  systemd: Systemd,
): Promise<Timeline> {
  const units = names.flatMap((name) => readCurrentRecord(paths, name)?.units ?? []);
  const [boot, states] = await Promise.all([
    systemd.bootTimes(),
    Promise.all(units.map((unit) => systemd.state(unit))),
  ]);
  return makeTimeline(states, boot);
}

/** The same from what systemd said. Times of its are microseconds. */
export function makeTimeline(
  states: readonly UnitState[],
  boot: { began: number; finished: number },
): Timeline {
  const starts = states.map((state) => state.monotonic.inactiveExit).filter((time) => time > 0);
  const isLater = (time: number) => boot.finished > 0 && time > boot.finished;
  const allLater = starts.length > 0 && starts.every(isLater);
  const origin = allLater ? Math.min(...starts) : boot.began;
  const inTime = (state: UnitState) =>
    state.monotonic.inactiveExit > 0 && (allLater || !isLater(state.monotonic.inactiveExit));
  const ends = states
    .filter(inTime)
    .flatMap(({ monotonic }) => Object.values(monotonic).filter((time) => time >= origin));
  // Some room behind the last change, so that the state that it led to can be seen.
  const end = origin + Math.max(1_000, ...ends.map((time) => time - origin)) * 1.15;
  const seconds = (time: number) => Math.max(0, time - origin) / 1e6;
  const rows = states
    .toSorted((a, b) => startOf(a) - startOf(b))
    .map((state): TimelineRow => {
      const { inactiveExit, activeEnter } = state.monotonic;
      if (!inTime(state)) {
        return {
          unit: state.name,
          spans: [],
          ready: null,
          later: inactiveExit > 0 ? seconds(inactiveExit) : null,
        };
      }
      const spans = spansOf(state, end).map((span) => ({
        ...span,
        from: seconds(span.from),
        to: seconds(span.to),
      }));
      return {
        unit: state.name,
        spans,
        ready: activeEnter >= inactiveExit ? seconds(activeEnter) : null,
        later: null,
      };
    });
  return { length: seconds(end), rows };
}

function startOf({ monotonic }: UnitState): number {
  return monotonic.inactiveExit > 0 ? monotonic.inactiveExit : Number.POSITIVE_INFINITY;
}

/** The states of the last start, in systemd's own times. A time before that start is one of an earlier. */
function spansOf(state: UnitState, end: number): Span[] {
  const { inactiveExit, activeEnter, activeExit, inactiveEnter } = state.monotonic;
  // systemd counts the wait for the next try as the begin of a new start.
  if (state.subState === 'auto-restart') return [{ state: 'failed', from: inactiveExit, to: end }];
  const since = (time: number, earlier: number) => (time >= earlier && time > 0 ? time : undefined);
  const ready = since(activeEnter, inactiveExit);
  const leaving = ready === undefined ? undefined : since(activeExit, ready);
  const gone = since(inactiveEnter, leaving ?? ready ?? inactiveExit);
  const spans: Span[] = [{ state: 'activating', from: inactiveExit, to: ready ?? gone ?? end }];
  if (ready !== undefined) spans.push({ state: 'active', from: ready, to: leaving ?? gone ?? end });
  if (leaving !== undefined) spans.push({ state: 'deactivating', from: leaving, to: gone ?? end });
  if (gone !== undefined && hasFailed(state)) spans.push({ state: 'failed', from: gone, to: end });
  return spans
    .filter(({ from, to }) => to >= from && from < end)
    .map((span) => ({ ...span, to: Math.min(span.to, end) }));
}
