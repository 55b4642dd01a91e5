import type { Command } from 'commander';
import { showErrorEntry } from '../doctor/error-entry.ts';
import { type BerthError, type ErrorCode, exitStatus } from '../errors.ts';
import { commandLine } from './command-line.ts';
import { commandNamed, pathOf } from './command-named.ts';
import { isCommand } from './commands.ts';

/**
 * What leads out of the error of a command line: what it says itself, for the system that the command line is about.
 * Options alone are put into the command line.
 */
export function hintFor({ code, hint }: BerthError, program: Command, args: readonly string[]): string {
  const command = commandNamed(program, args);
  if (hint === undefined) return defaultHint(code, command, args);
  if (hint.startsWith('--')) {
    const isTaken = command.options.some(({ long }) => long === /^\S+/.exec(hint)?.[0]);
    return isTaken ? withOptions(args, hint) : defaultHint(code, command, args);
  }
  const { root } = program.opts<{ root?: string }>();
  return root === undefined
    ? hint
    : hint.replaceAll(/\bberth ([a-z-]+)/g, (words, word: string) =>
        isCommand(word) ? `${commandLine(['--root', root])} ${word}` : words,
      );
}

function withOptions(args: readonly string[], options: string): string {
  const end = args.indexOf('--');
  return end === -1
    ? `${commandLine(args)} ${options}`
    : `${commandLine(args.slice(0, end))} ${options}${commandLine(args.slice(end)).slice('berth'.length)}`;
}

/** Help about the command, the same command line again, or the error's entry in the documentation, with its commands. */
function defaultHint(code: ErrorCode, command: Command, args: readonly string[]): string {
  if (exitStatus(code) === 2) return `${pathOf(command)} --help`;
  if (code === 'interrupted') return commandLine(args);
  return showErrorEntry(code);
}
