import { type Check, ok, problem } from './check.ts';
import { readableRecords } from './records.ts';

/** Milliseconds: clocks of two hosts, or of one before and after it asked for the time, may differ a little. */
const TOLERANCE = 10 * 60_000;

/** Certificates are invalid, and timers wait for ever, where the clock is wrong: that it went back can be seen. */
export const clockCheck: Check = {
  name: 'clock',
  live: true,
  find({ paths }) {
    const now = Date.now();
    const late = readableRecords(paths).find(({ created }) => Date.parse(created) > now + TOLERANCE);
    const time = new Date(now).toISOString();
    if (late === undefined) return [ok(time)];
    return [
      problem(`the clock is behind: ${time}: ${late.service} was made at ${late.created}`, 'timedatectl'),
    ];
  },
};
