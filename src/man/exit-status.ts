type Row = readonly [status: string, meaning: string];

const COMMON: readonly Row[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'the command line is wrong'],
  ['3', 'not running'],
  ['4', 'not found'],
  ['130', 'interrupted'],
];

const OF_A_PROGRAM: readonly Row[] = [
  ['126', 'what was to be run is no executable file'],
  ['127', 'what was to be run is not there'],
  ['any other', 'that of the command; 128 and its number for a signal that ended it'],
];

/** What only some commands end with, by the names of their pages. */
const OWN = new Map<string, readonly Row[]>([
  ['berth-exec', OF_A_PROGRAM],
  ['berth-run', OF_A_PROGRAM],
  ['berth-shell', OF_A_PROGRAM],
  ['berth-scan', [['5', 'a scanner found something']]],
]);

/** What a command ends with, by the name of its page. */
export function exitStatuses(page: string): Row[] {
  return [...COMMON, ...(OWN.get(page) ?? [])];
}
