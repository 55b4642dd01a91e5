import type { Command } from 'commander';

/** The command that the command line names, such as the one of "images rm"; the program where it names none. */
export function commandNamed(program: Command, [word, ...rest]: readonly string[]): Command {
  if (word === undefined || word === '--') return program;
  const named = program.commands.find((command) => [command.name(), ...command.aliases()].includes(word));
  return commandNamed(named ?? program, rest);
}

/** How it is called, such as "berth images rm". */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
