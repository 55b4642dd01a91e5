/** A program that looks at root file systems, as a file of scanners.d declares it. */
export interface Scanner {
  /** That of its file, without `.yaml`. */
  name: string;
  /** Where it is declared. */
  file: string;
  description: string;
  /** With `{rootfs}` and `{output}` as they are written; the program is a name or an absolute path. */
  command: readonly string[];
  /** Exit statuses; any other is a failure. */
  exit: { clean: readonly number[]; findings: readonly number[] };
  /** Paths of the host beside /usr. */
  reads: readonly string[];
  network: boolean;
  /** Seconds. */
  timeLimit: number;
  /** Bytes. */
  memory: number;
  /** The command that installs the program. */
  hint: string | null;
}

/** What may stand in braces in an argument, and is replaced. */
export const PLACES = ['rootfs', 'output'] as const;

/** The words in braces of an argument, places or not. */
export function wordsInBraces(argument: string): string[] {
  return [...argument.matchAll(/\{(\w+)\}/g)].map(([, word = '']) => word);
}

/** True where the scanner writes its report into a file. */
export function hasOutput({ command }: Scanner): boolean {
  return command.some((argument) => argument.includes('{output}'));
}

/** The command with these paths in their places. */
export function putPlaces(
  { command }: Scanner,
  places: Readonly<Record<(typeof PLACES)[number], string>>,
): string[] {
  return command.map((argument) =>
    PLACES.reduce((text, place) => text.replaceAll(`{${place}}`, () => places[place]), argument),
  );
}
