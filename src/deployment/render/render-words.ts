import { BerthError } from '../../errors.ts';
import type { Segment } from '../template/template.ts';
import { FORCED_VARIABLES, type Values } from '../template/values.ts';

/**
 * Values in a command line are data. One that stands alone as a word, `$OPTIONS`, may be several words or
 * none; one in a longer word or between quotes stays in it; quotes, backslashes and the separator
 * ";" are refused, and so is a prefix (systemd.service(5)) at the beginning of a command.
 * Throws `value-invalid`; `place` is the directive, for messages.
 */
export function checkWords(segments: readonly Segment[], values: Values, place: string): void {
  let quote: string | undefined;
  let first = true;
  for (const [index, segment] of segments.entries()) {
    if ('text' in segment) {
      quote = quoteAfter(segment.text, quote);
      first &&= /^[@\-:+!|]*$/.test(segment.text);
      continue;
    }
    if (FORCED_VARIABLES.includes(segment.variable)) continue;
    const value = values.get(segment.variable) ?? '';
    const cause = causeAgainst(value, {
      quoted: quote !== undefined,
      first,
      alone:
        (index === 1 ? /(?:^|\s)$/ : /\s$/).test(textAt(segments, index - 1)) &&
        /^(?:\s|$)/.test(textAt(segments, index + 1)),
    });
    if (cause === undefined) continue;
    throw new BerthError('value-invalid', `cannot use the value of ${segment.variable}: ${place}: ${cause}`);
  }
}

/** Where a variable stands in a directive. */
interface WordPlace {
  quoted: boolean;
  /** Nothing but prefixes and variables goes before it. */
  first: boolean;
  /** It is a whole word. */
  alone: boolean;
}

function causeAgainst(value: string, { quoted, first, alone }: WordPlace): string | undefined {
  if (/["'\\]/.test(value)) return 'it has a quote or a backslash, which would change the words around it';
  if (first && /^[@\-:+!|]/.test(value)) return 'it begins with a prefix of commands';
  if (quoted) return undefined;
  if (value.split(/\s+/).includes(';')) return 'it has ";" as a word, which would begin another command';
  return !alone && /\s/.test(value) ? 'it has spaces, and there it is part of a word' : undefined;
}

function textAt(segments: readonly Segment[], index: number): string {
  const segment = segments[index];
  if (segment === undefined || !('text' in segment)) return '';
  // A variable that follows at once makes one word with this one.
  return segment.text === '' && index > 0 && index < segments.length - 1 ? '$' : segment.text;
}

function quoteAfter(text: string, quote: string | undefined): string | undefined {
  let open = quote;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (open === undefined && (character === '"' || character === "'")) open = character;
    else if (character === open) open = undefined;
  }
  return open;
}
