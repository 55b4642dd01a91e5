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
