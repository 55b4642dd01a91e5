import scannerSchema from '../../schemas/scanner.schema.json' with { type: 'json' };
import { checkSchema, type Schema } from '../provision/host-file/check-schema.ts';
import type { Mistakes } from '../provision/host-file/mistakes.ts';
import { nearest } from '../provision/host-file/nearest.ts';
import { parseTree } from '../provision/host-file/parse-tree.ts';
import { decodeText, readBytes } from '../provision/host-file/read-text.ts';
import { at, isTrue, scalarsAt, type TreeMapping } from '../provision/host-file/tree.ts';
import { quote } from '../reference/quote.ts';
import { parseTimeSpan } from '../systemd/time-span.ts';
import { PLACES, type Scanner, wordsInBraces } from './scanner.ts';

const SCHEMA: Schema = scannerSchema;
const KEYS = scannerSchema.properties;

/** Seconds. */
const LONGEST = 86_400;

/** The scanner that a file declares; undefined, or not as it is written, after a mistake. Throws `io`. */
export function readScanner(name: string, file: string, mistakes: Mistakes): Scanner | undefined {
  const bytes = readBytes(file, mistakes);
  const text = bytes && decodeText(bytes, file, mistakes);
  const parsed = text === undefined ? undefined : parseTree(text, file, mistakes);
  const tree = parsed && checkSchema(parsed, SCHEMA, mistakes);
  if (tree?.kind !== 'mapping') return undefined;
  const textAt = (key: string) => at(tree, key, 'scalar')?.text;
  const network = at(tree, 'network', 'scalar');
  return {
    name,
    file,
    description: textAt('description') ?? '',
    command: readCommand(tree, mistakes),
    exit: readExit(tree, mistakes),
    reads: scalarsAt(tree, 'reads').map((path) => path.text),
    network: network === undefined ? KEYS.network.default : isTrue(network),
    timeLimit: readTimeLimit(tree, mistakes),
    memory: parseSize(textAt('memory') ?? KEYS.memory.default),
    hint: textAt('hint') ?? null,
  };
}

function readCommand(tree: TreeMapping, mistakes: Mistakes): string[] {
  const [program, ...args] = scalarsAt(tree, 'command');
  if (program === undefined) return [];
  if (!/^(?:\/[^{}]+|[\w@+.-]+)$/.test(program.text)) {
    const instead = 'name a program, or its absolute path';
    mistakes.add(program.position, `command[0]: not a program: ${quote(program.text)}: ${instead}`);
  }
  for (const [index, { text, position }] of args.entries()) {
    for (const word of wordsInBraces(text)) {
      const meant = nearest(word, PLACES);
      if (meant === undefined || meant === word) continue;
      mistakes.add(position, `command[${index + 1}]: unknown place {${word}}: did you mean {${meant}}?`);
    }
  }
  const words = [program, ...args].map(({ text }) => text);
  const list = at(tree, 'command', 'list');
  if (list !== undefined && !words.some((word) => word.includes('{rootfs}'))) {
    mistakes.add(list.position, 'command: it is not told what to scan: put {rootfs} into an argument');
  }
  return words;
}

function readExit(tree: TreeMapping, mistakes: Mistakes): Scanner['exit'] {
  const exit = at(tree, 'exit', 'mapping');
  const read = (key: 'clean' | 'findings'): readonly number[] => {
    const statuses = exit && at(exit, key, 'list');
    return statuses === undefined || exit === undefined
      ? KEYS.exit.properties[key].default
      : scalarsAt(exit, key).map(({ text }) => Number(text));
  };
  const [clean, findings] = [read('clean'), read('findings')];
  const both = clean.find((status) => findings.includes(status));
  if (both !== undefined) {
    const position = exit?.position ?? tree.position;
    mistakes.add(position, `exit: ${both} cannot mean both: list it in clean or in findings`);
  }
  return { clean, findings };
}

function readTimeLimit(tree: TreeMapping, mistakes: Mistakes): number {
  const written = at(tree, 'timeLimit', 'scalar');
  const parse = (text: string) => parseTimeSpan(text) / 1e6;
  if (written === undefined) return parse(KEYS.timeLimit.default);
  const { position, text } = written;
  const seconds = mistakes.attempt(position, 'timeLimit', () => parse(text)) ?? 1;
  if (seconds < 1 || seconds > LONGEST) {
    mistakes.add(position, `timeLimit: ${quote(text)}: write a time from 1s to 1d`);
  }
  return seconds;
}

/** Bytes; the schema says how a size is written. */
function parseSize(text: string): number {
  return Number.parseInt(text, 10) * (text.endsWith('G') ? 1 << 30 : 1 << 20);
}
