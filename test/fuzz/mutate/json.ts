import type { Random } from '../../random.ts';
import { mutateText } from './text.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const TEXTS = ['', '..', '\0', 'a\nb', '\ud800', '__proto__', 'x'.repeat(3000), '\u202e', 'sha256:', '/../x'];
const NUMBERS = [0, -0, -1, 1, 2, 0.5, 1e21, 1e308, 2 ** 53, 2 ** 53 - 1, -(2 ** 31)];
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\u0000',
  'null',
  'true',
  '1e999',
  '-0',
  '"__proto__":{"x":1},',
  '[[[[',
];

/**
 * A document with some of its values changed, taken out, moved or made another's, as text. Most often that is
 * all, so that what is wrong is one field of a document that else is right.
 */
export function mutateJson(document: Json, words: readonly string[], random: Random): Buffer {
  let changed = document;
  for (let count = random.int(4); count > 0; count -= 1) changed = change(changed, document, words, random);
  const text = JSON.stringify(changed);
  return random.chance(0.25) ? mutateText(text, [...WORDS, ...words], random) : Buffer.from(text);
}

// Goes down to a place by chance, and copies what it passes.
function change(value: Json, whole: Json, words: readonly string[], random: Random): Json {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.8)) {
    const at = random.int(value.length);
    const copy = [...value];
    const item = copy[at] ?? null;
    switch (random.int(10)) {
      case 0:
        copy.splice(at, 1);
        break;
      case 1:
        copy.push(...Array<Json>(random.pick([1, 2, 1000])).fill(item));
        break;
      default:
        copy[at] = change(item, whole, words, random);
    }
    return copy;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && random.chance(0.9)) {
    return changeMember(value, whole, words, random);
  }
  return replacement(whole, words, random);
}

function changeMember(
  object: { [key: string]: Json },
  whole: Json,
  words: readonly string[],
  random: Random,
): Json {
  const members = Object.entries(object);
  const at = random.int(members.length + 1);
  const [key = random.pick(words), value = null] = members[at] ?? [];
  switch (random.int(6)) {
    case 0:
      members.splice(at, 1);
      break;
    case 1:
      members.splice(at, 1, [random.pick(words), value]);
      break;
    default:
      members.splice(at, 1, [key, change(value, whole, words, random)]);
  }
  return Object.fromEntries(members);
}

function replacement(whole: Json, words: readonly string[], random: Random): Json {
  switch (random.int(7)) {
    case 0:
      return random.pick(NUMBERS);
    case 1:
      return random.pick<Json>([null, true, false, [], {}, [[]], { '': null }]);
    case 2:
      return random.pick(TEXTS);
    case 3:
      return anyValue(whole, random);
    case 4:
      return nested(random.pick([10, 2000]));
    default:
      return random.pick(words);
  }
}

function anyValue(value: Json, random: Random): Json {
  if (typeof value !== 'object' || value === null || random.chance(0.3)) return value;
  const inner = Object.values(value);
  return inner.length === 0 ? value : anyValue(random.pick(inner), random);
}

function nested(depth: number): Json {
  let value: Json = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
