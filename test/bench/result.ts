import type { Run } from './measure.ts';

export type Unit = 's' | 'bytes';

/** What was measured of one thing, once a round. */
export interface Series {
  subject: string;
  unit: Unit;
  samples: number[];
  /** Medians, where a command was run. */
  cpuSeconds?: number;
  peakBytes?: number;
}

/** What is asked for: a figure, or the ratio of two. */
export interface Goal {
  /** Such as "of podman pull" for a ratio. */
  measured: string;
  /** `ratio` says that a figure is one of two figures of the same unit. */
  unit: Unit | 'ratio';
  atMost: number;
  /** Null where it could not be measured. */
  value: number | null;
}

/** What one scenario found out about one thing. */
export interface Result {
  title: string;
  /** What is measured of berth comes first. */
  series: Series[];
  goals: Goal[];
  /** What a reader has to know, and what could not be measured and why. */
  notes: string[];
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (high + (sorted[middle - 1] ?? Number.NaN)) / 2 : high;
}

/** The runs of a command as a series. */
export function seriesOf(subject: string, runs: readonly Run[]): Series {
  return {
    subject,
    unit: 's',
    samples: runs.map(({ seconds }) => seconds),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakBytes: Math.max(...runs.map(({ peakBytes }) => peakBytes)),
  };
}

/** The goal that `series` takes at most so much of what `other` takes, which is undefined if it could not run. */
export function ratioGoal(
  series: Series | undefined,
  other: Series | undefined,
  atMost: number,
  measured: string,
): Goal {
  const value =
    series === undefined || other === undefined ? null : median(series.samples) / median(other.samples);
  return { measured, unit: 'ratio', atMost, value };
}

export function isMet({ value, atMost }: Goal): boolean {
  return value !== null && value <= atMost;
}
