import type { Random } from '../../random.ts';
import { mutateBytes } from './bytes.ts';

/** What many a reader of text gets wrong, whatever its grammar. */
const ODD = [
  '',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\0',
  '\\',
  '"',
  "'",
  '\u2028',
  '\u202e',
  '\u00e9',
  '\ufeff',
  '\ud800',
  '0',
  '-1',
  '..',
];

/** A text with some changes, most of them made of the words of its language, as UTF-8 that may be damaged. */
export function mutateText(text: string, words: readonly string[], random: Random): Buffer {
  let changed = text;
  for (let count = random.int(4); count > 0; count -= 1) changed = changeText(changed, words, random);
  const bytes = Buffer.from(changed);
  return random.chance(0.1) ? mutateBytes(bytes, random) : bytes;
}

function changeText(text: string, words: readonly string[], random: Random): string {
  const at = random.int(text.length + 1);
  const end = at + random.int(random.chance(0.7) ? 12 : text.length - at + 1);
  const word = random.pick(random.chance(0.3) ? ODD : words);
  switch (random.int(6)) {
    case 0:
      return text.slice(0, at) + word + text.slice(at);
    case 1:
      return text.slice(0, at) + word + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, end) + text.slice(at, end) + text.slice(end);
    case 4: {
      const times = random.chance(0.1) ? 3000 : 1 + random.int(20);
      return text.slice(0, at) + word.repeat(times) + text.slice(at);
    }
    default:
      return text.slice(0, at);
  }
}
