import type { Command, CommanderError } from 'commander';
import { commandLine } from './command-line.ts';
import { commandNamed, pathOf } from './command-named.ts';
import type { Output } from './output.ts';

/** What people look for here who know systemctl or podman; the services they named take the place of NAME. */
const ELSEWHERE: Record<string, string> = {
  start: 'systemctl start NAME',
  stop: 'systemctl stop NAME',
  restart: 'systemctl restart NAME',
  enable: 'systemctl enable NAME',
  disable: 'systemctl disable NAME',
  ps: 'berth list',
  rm: 'berth uninstall NAME',
  remove: 'berth uninstall NAME',
  rmi: 'berth images rm NAME',
  upgrade: 'berth update NAME',
};

/** Says what is wrong with a command line, and the command line that was meant where one word makes the difference. */
export function reportUsage(
  { message }: CommanderError,
  output: Output,
  program: Command,
  args: readonly string[],
): void {
  const [, what = message, several, suggestion = ''] =
    /^(?:error: )?(.*?)(?:\n\(Did you mean (one of )?(.*)\?\))?$/s.exec(message) ?? [];
  const [, kind, unknown = ''] = /^unknown (command|option) '(.*)'$/s.exec(what) ?? [];
  const meant = several === undefined ? '' : `: did you mean ${suggestion.replaceAll(', ', ' or ')}?`;
  const hint =
    (kind === 'command' ? elsewhere(unknown, args) : undefined) ??
    (kind === 'option' ? withDashes(unknown, program, args) : undefined) ??
    (suggestion === '' || several !== undefined
      ? `${pathOf(commandNamed(program, args))} --help`
      : commandLine(args.with(args.indexOf(unknown), suggestion)));
  output.error(`${what}${meant}`, hint);
}

function elsewhere(unknown: string, args: readonly string[]): string | undefined {
  if (!Object.hasOwn(ELSEWHERE, unknown)) return undefined;
  const names = args.slice(args.indexOf(unknown) + 1).filter((word) => /^\w[\w@.-]*$/.test(word));
  return ELSEWHERE[unknown]?.replace('NAME', names.join(' ') || 'NAME');
}

/** The option of a command to be run, as in `exec web ls -l`, which docker and podman take so: with "--" before it all. */
function withDashes(unknown: string, program: Command, args: readonly string[]): string | undefined {
  const command = commandNamed(program, args);
  if (command.registeredArguments.at(-1)?.name() !== 'command') return undefined;
  const end = args.indexOf(unknown);
  const { operands } = command.parseOptions(args.slice(args.indexOf(command.name()) + 1, end));
  const words = operands.slice(1);
  const begin = end - words.length;
  const areTogether = words.every((word, index) => word === args[begin + index]);
  return words.length > 0 && areTogether ? commandLine(args.toSpliced(begin, 0, '--')) : undefined;
}
