import type { Goal, Unit } from './result.ts';

export function megabytes(bytes: number): string {
  const decimals = Math.abs(bytes) < 10e6 ? 2 : 0;
  return `${(bytes / 1e6).toFixed(decimals)} MB`;
}

/** A figure with its unit. */
export function figure(value: number, unit: Unit | 'ratio'): string {
  switch (unit) {
    case 's':
      return value < 1 ? `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms` : `${value.toFixed(2)} s`;
    case 'bytes':
      return megabytes(value);
    case 'ratio':
      // One place more than goals have: what is beside one says on which side.
      return value.toFixed(3);
  }
}

export function describeGoal({ measured, unit, atMost }: Goal): string {
  return unit === 'ratio'
    ? `at most ${atMost.toFixed(2)} ${measured}`
    : `${measured} at most ${figure(atMost, unit)}`;
}
