import type { Command } from 'commander';

/** What may stand in a place of a command line, as far as berth knows; else a shell offers files. */
export interface Place {
  /** Commands or options. */
  words: string[];
  names?: 'services' | 'images' | 'both';
}

// By the name that the argument has in the help.
const NAMES: Record<string, Place['names']> = { name: 'services', image: 'images', 'name|image': 'both' };

/**
 * What may stand for the last of `words`, which are those behind "berth"; it may be empty, or the beginning
 * of what is meant.
 */
export function findPlace(program: Command, words: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let takesValue = false;
  for (const word of words.slice(0, -1)) {
    const below = operands === 0 ? command.commands.find((each) => each.name() === word) : undefined;
    if (takesValue) takesValue = false;
    else if (word === '--') return { words: [] };
    else if (word.startsWith('-')) takesValue = isFollowedByValue(word, [command, program]);
    else if (below === undefined) operands += 1;
    else command = below;
  }
  if (takesValue) return { words: [] };
  if (words.at(-1)?.startsWith('-')) return { words: optionsOf([command, program]) };
  const { registeredArguments: taken, commands } = command;
  const argument = taken[operands] ?? taken.find(({ variadic }) => variadic);
  const names = NAMES[argument?.name() ?? ''];
  return {
    words: operands === 0 ? commands.map((below) => below.name()) : [],
    ...(names === undefined ? {} : { names }),
  };
}

function isFollowedByValue(word: string, commands: readonly Command[]): boolean {
  const options = commands.flatMap((command) => command.options);
  return options.some(({ short, long, required }) => required && (word === short || word === long));
}

/** The options of these commands that help shows, each once. */
function optionsOf(commands: readonly Command[]): string[] {
  const options = commands.flatMap((command) => command.createHelp().visibleOptions(command));
  return [...new Set(options.flatMap(({ long }) => long ?? []))];
}
