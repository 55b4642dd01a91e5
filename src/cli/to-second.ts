/** A time as RFC 3339 has it, without what is less than a second: people read it. */
export function toSecond(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
