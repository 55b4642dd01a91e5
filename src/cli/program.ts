import { type Command, CommanderError } from 'commander';
import { BerthError, exitStatus, messageOf } from '../errors.ts';
import { commandsFor } from './commands.ts';
import { Context } from './context.ts';
import { defineProgram } from './define-program.ts';
import { Output } from './output.ts';
import type { ConsoleStreams } from './prompt.ts';

/**
 * Runs one command line and returns its exit status: 0 done, 1 failed, 2 usage, 3 not running,
 * 4 not found, 130 interrupted. `signal` ends it early and cleanly.
 */
export async function run(args: string[], streams: ConsoleStreams, signal: AbortSignal): Promise<number> {
  const output = new Output(streams);
  const end = args.indexOf('--');
  const context = new Context(output, streams, signal, end === -1 ? [] : args.slice(end + 1));
  const program = defineProgram(await commandsFor(args), context, streams);
  program.hook('preAction', (_, command) => {
    const anybody = FOR_ANYBODY.has(command.name());
    context.enter({ ...program.opts<{ root?: string; vendor?: true }>(), anybody });
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return context.exitStatus;
  } catch (error) {
    return report(error, output, commandNamed(program, args));
  } finally {
    await context.close();
  }
}

/** Commands that tell whoever runs them what he may see. */
const FOR_ANYBODY = new Set(['doctor', 'version', 'completion']);

// What commander throws when it has printed help because no command was given.
const HELP_SHOWN = 'commander.help';

/** What people look for here who know systemctl or podman. */
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

function reportUsage({ message }: CommanderError, output: Output, command: string): void {
  const [, what = message, suggestion] =
    /^(?:error: )?(.*?)(?:\n\(Did you mean (.*)\?\))?$/s.exec(message) ?? [];
  const unknown = /^unknown command '(.*)'$/s.exec(what)?.[1] ?? '';
  const elsewhere = Object.hasOwn(ELSEWHERE, unknown) ? ELSEWHERE[unknown] : undefined;
  const hint = suggestion === undefined ? `${command} --help` : `did you mean ${suggestion}?`;
  output.error(what, elsewhere ?? hint);
}

/** The command that the command line names, such as "berth images rm"; "berth" where it names none. */
function commandNamed(program: Command, [word, ...rest]: readonly string[]): string {
  if (word === undefined) return program.name();
  const named = program.commands.find((command) => command.name() === word);
  return named === undefined ? commandNamed(program, rest) : `${program.name()} ${commandNamed(named, rest)}`;
}

/** `command` is the one that the command line names. */
function report(error: unknown, output: Output, command: string): number {
  if (error instanceof BerthError) {
    output.error(error.message, error.hint);
    return exitStatus(error.code);
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code !== HELP_SHOWN) reportUsage(error, output, command);
    return 2;
  }
  // Not foreseen: a person can only report it, and the stack is what a report needs.
  output.error(`unexpected: ${messageOf(error)}`, undefined);
  if (error instanceof Error && error.stack !== undefined) output.note(error.stack);
  return 1;
}
