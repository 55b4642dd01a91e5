import { type Command, CommanderError } from 'commander';
import { BerthError, exitStatus, messageOf } from '../errors.ts';
import { commandsFor } from './commands.ts';
import { Context } from './context.ts';
import { defineProgram } from './define-program.ts';
import { hintFor } from './hint-for.ts';
import { Output } from './output.ts';
import type { ConsoleStreams } from './prompt.ts';
import { reportUsage } from './usage-error.ts';

/**
 * Runs one command line and returns its exit status: 0 done, 1 failed, 2 usage, 3 not running,
 * 4 not found, 126 and 127 no program to run, 130 interrupted. `signal` ends it early and cleanly.
 */
export async function run(args: string[], streams: ConsoleStreams, signal: AbortSignal): Promise<number> {
  const output = new Output(streams);
  const end = args.indexOf('--');
  const context = new Context(output, streams, signal, end === -1 ? [] : args.slice(end + 1));
  const program = defineProgram(await commandsFor(args), context, streams);
  program.hook('preAction', (_, command) => {
    const anybody = FOR_ANYBODY.has(command.name());
    context.enter({ ...program.opts<{ root?: string; vendor?: true }>(), anybody, args });
  });
  try {
    await program.parseAsync(readHelp(program, args), { from: 'user' });
    return context.exitStatus;
  } catch (error) {
    return report(error, output, program, args);
  } finally {
    await context.close();
  }
}

/** Commands that tell whoever runs them what he may see. */
const FOR_ANYBODY = new Set(['doctor', 'version', 'completion']);

// What commander throws when it has printed help because no command was given.
const HELP_SHOWN = 'commander.help';

/** `help X` is `X --help`, but of what is no command there is none: it stays, to be refused. */
function readHelp(program: Command, args: readonly string[]): string[] {
  const [first, ...rest] = args;
  const asked = first === 'help' && rest.length > 0 ? [...rest, '--help'] : [...args];
  const isKnown = program.commands.some((command) =>
    [command.name(), ...command.aliases()].some((name) => name === asked[0]),
  );
  return isKnown || asked[0]?.startsWith('-') !== false
    ? asked
    : asked.filter((word) => word !== '--help' && word !== '-h');
}

function report(error: unknown, output: Output, program: Command, args: readonly string[]): number {
  if (error instanceof BerthError) {
    output.error(error.message, hintFor(error, program, args));
    return exitStatus(error.code);
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code !== HELP_SHOWN) reportUsage(error, output, program, args);
    return 2;
  }
  // Not foreseen: a person can only report it, and the stack is what a report needs.
  output.error(`unexpected: ${messageOf(error)}`, 'berth doctor');
  if (error instanceof Error && error.stack !== undefined) output.note(error.stack);
  return 1;
}
