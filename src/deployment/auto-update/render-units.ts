import type { AutoUpdateSettings } from '../../settings.ts';
import { quoteExecLine } from '../../systemd/unit-quote.ts';
import type { OwnUnits } from '../own-units.ts';
import { renderOwnUnit } from '../render-own-unit.ts';

export const SERVICE = 'berth-update.service';
export const TIMER = 'berth-update.timer';
export const AUTO_UPDATE: OwnUnits = { name: 'auto-update', main: TIMER, files: [TIMER, SERVICE] };

/** Seconds over which hosts without a window spread: not all of them shall ask a registry at once. */
const SPREAD = 6 * 3600;

const DAY = 86_400;

/**
 * The units of the automatic update, by name. `program` is the command line of berth itself, absolute.
 * With a window, updates begin in it and are not made up for outside of it.
 */
export function renderUnits(
  program: readonly string[],
  { window }: Pick<AutoUpdateSettings, 'window'>,
): ReadonlyMap<string, string> {
  const values = {
    PROGRAM: quoteExecLine(program),
    CALENDAR: window === undefined ? 'daily' : `*-*-* ${window.begin}:00`,
    DELAY: window === undefined ? `${SPREAD}s` : `${lengthOf(window)}s`,
    PERSISTENT: window === undefined ? 'yes' : 'no',
  };
  return new Map(AUTO_UPDATE.files.map((file) => [file, renderOwnUnit(file, values)]));
}

/** Seconds, past midnight too. */
function lengthOf({ begin, end }: { begin: string; end: string }): number {
  return (secondsOf(end) - secondsOf(begin) + DAY) % DAY;
}

function secondsOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60;
}
