import { Argument, type Command } from 'commander';
import { listServices } from '../../deployment/record.ts';
import { readImages } from '../../store/images.ts';
import { findPlace, type Place } from '../completion/find-place.ts';
import { SCRIPTS } from '../completion/scripts.ts';
import type { Context } from '../context.ts';

/** `berth completion`: what a shell reads to complete command lines; all commands must be in `program`. */
export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print what a shell reads to complete commands, options, services and images')
    .addArgument(new Argument('<shell>', 'which').choices(Object.keys(SCRIPTS)))
    .argument('[word...]', 'what was typed after berth, behind --: prints what the last may become')
    .addHelpText('after', '\nExample:\n  berth completion bash >/etc/bash_completion.d/berth')
    .action((shell: string, words: string[]) => {
      const lines = words.length === 0 ? [SCRIPTS[shell] ?? ''] : complete(words, program, context);
      if (lines.length > 0) context.output.data(lines.join('\n'));
    });
}

function complete(words: readonly string[], program: Command, context: Context): string[] {
  const place = findPlace(program, words);
  const typed = words.at(-1) ?? '';
  return [...place.words, ...namesIn(place, words, context)].filter((word) => word.startsWith(typed));
}

function namesIn({ names }: Place, words: readonly string[], context: Context): string[] {
  // What is installed is root's alone, but commands and options are for whoever types `sudo berth`.
  if (names === undefined || process.getuid?.() !== 0) return [];
  const options = programOptions(words.slice(0, -1));
  // Where the command that is typed would look for it.
  if (options.root !== undefined || options.vendor) context.enter(options);
  return [
    ...(names === 'images' ? [] : listServices(context.paths)),
    ...(names === 'services' ? [] : readImages(context.store()).map(({ name }) => name)),
  ];
}

/** The options before a command that say which system is meant, as far as they are typed. */
function programOptions([word, ...rest]: readonly string[]): { root?: string; vendor?: boolean } {
  if (word === undefined || word === '--') return {};
  const further = programOptions(word === '--root' ? rest.slice(1) : rest);
  if (word === '--vendor') return { ...further, vendor: true };
  const root = word === '--root' ? rest[0] : /^--root=(.+)$/.exec(word)?.[1];
  return { ...(root !== undefined && { root }), ...further };
}
