import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';

// systemd.time(7), "Parsing time spans". The units as systemd knows them, in microseconds.
const SECOND = 1e6;
const UNITS: Record<string, number> = {
  ...names(1, 'us', 'usec', 'µs', 'μs'),
  ...names(1e3, 'ms', 'msec'),
  ...names(SECOND, '', 's', 'sec', 'second', 'seconds'),
  ...names(60 * SECOND, 'm', 'min', 'minute', 'minutes'),
  ...names(3600 * SECOND, 'h', 'hr', 'hour', 'hours'),
  ...names(86400 * SECOND, 'd', 'day', 'days'),
  ...names(7 * 86400 * SECOND, 'w', 'week', 'weeks'),
  ...names(2629800 * SECOND, 'M', 'month', 'months'),
  ...names(31557600 * SECOND, 'y', 'year', 'years'),
};

/**
 * A time span as directives such as WatchdogSec= take it, in microseconds; a number without a unit is
 * in seconds, `infinity` is Infinity. Throws `unit-invalid`.
 */
export function parseTimeSpan(text: string): number {
  const span = text.trim();
  if (span === 'infinity') return Number.POSITIVE_INFINITY;
  const refuse = () => new BerthError('unit-invalid', `not a time span: ${quote(text)}`);
  if (span === '') throw refuse();
  let total = 0;
  let rest = span;
  while (rest !== '') {
    const [whole, number, unit = ''] = /^(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-zµμ]*)\s*/u.exec(rest) ?? [];
    const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (whole === undefined || factor === undefined) throw refuse();
    total += Number(number) * factor;
    rest = rest.slice(whole.length);
  }
  return Math.round(total);
}

function names(factor: number, ...units: string[]): Record<string, number> {
  return Object.fromEntries(units.map((unit) => [unit, factor]));
}
