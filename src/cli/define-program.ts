import { Command, Help } from 'commander';
import type { AddCommand } from './commands.ts';
import type { Context } from './context.ts';
import type { ConsoleStreams } from './prompt.ts';
import { VERSION } from './version.ts';

/** The command line of berth with these commands: what they are called and take. What they do needs `context`. */
export function defineProgram(
  commands: readonly AddCommand[],
  context: Context,
  streams: ConsoleStreams,
): Command {
  const program = new Command('berth')
    .description('Installs OCI images as native systemd services.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .option('--root <dir>', 'work on the system below DIR instead of the running one')
    .option('--vendor', 'work on what is part of an image of an operating system, in its /usr')
    .showSuggestionAfterError()
    // An option that may be repeated begins with an empty list, which is nothing to tell a person.
    // Every command has options: without that word there is room for what each one does.
    .configureHelp({
      subcommandTerm: (command) => Help.prototype.subcommandTerm(command).replace(' [options]', ''),
      optionDescription: (option) =>
        Array.isArray(option.defaultValue) ? option.description : Help.prototype.optionDescription(option),
    })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      // `run` says it, in the form of every other error.
      outputError: () => {},
    })
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}
