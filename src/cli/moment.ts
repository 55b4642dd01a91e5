const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30 * DAY;

/** A time as RFC 3339 has it, without what is less than a second: people read it. */
export function toSecond(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

/** How long ago a time is, such as "3 h ago", or "in 3 h"; the day alone where that is a month away. */
export function relativeTime(time: string, now = Date.now()): string {
  const passed = now - Date.parse(time);
  const span = Math.abs(passed);
  if (Number.isNaN(span) || span >= MONTH) return time.slice(0, 10);
  if (span < SECOND) return 'now';
  return passed < 0 ? `in ${formatSpan(span)}` : `${formatSpan(span)} ago`;
}

/** A span in milliseconds, in the smaller unit up to two of the larger: "1 d" could mean twice as much as it says. */
export function formatSpan(span: number): string {
  if (span < 2 * MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < 2 * HOUR) return `${Math.floor(span / MINUTE)} min`;
  return span < 2 * DAY ? `${Math.floor(span / HOUR)} h` : `${Math.floor(span / DAY)} d`;
}
