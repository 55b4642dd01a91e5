import { BerthError, type ErrorCode, messageOf } from '../../errors.ts';
import { countJsonValues } from '../../image/json-values.ts';
import { quote } from '../../reference/quote.ts';
import { fillSegments, findMissing, parseTemplate, positionOf, refuseMissing } from './template.ts';
import { findJsonProblem, type JsonProblem } from './template-json-scan.ts';
import type { Values } from './values.ts';

const MAX_VALUES = 50_000;

/** Where in a JSON text one stands: in a string or not, and how deep in brackets. */
interface JsonPlace {
  inString: boolean;
  escaped: boolean;
  /** Closing brackets that are awaited, innermost last. */
  open: string[];
}

/**
 * Renders a template of JSON. A value inside a string is escaped and cannot leave it; one outside is a
 * fragment, which must close the strings and brackets that it opens and no others. Throws
 * `value-missing`, `value-invalid`, and `template-invalid` with line and column when the whole does not parse.
 */
export function renderJsonTemplate(text: string, values: Values, file: string): unknown {
  const segments = parseTemplate(text, file);
  refuseMissing(findMissing(segments, values, file));
  const place: JsonPlace = { inString: false, escaped: false, open: [] };
  const rendered = fillSegments(
    segments,
    file,
    (variable) => {
      const value = values.get(variable) ?? '';
      if (place.inString) return JSON.stringify(value).slice(1, -1);
      checkFragment(variable, value, file);
      return value;
    },
    (text) => walk(place, text),
  );
  return parseJson(rendered, file);
}

/** Parses JSON. Throws an error of `code` with line and column, for a repeated key too, and `limit-exceeded`. */
export function parseJson(text: string, file: string, code: ErrorCode = 'template-invalid'): unknown {
  if (countJsonValues(text) > MAX_VALUES) {
    throw new BerthError('limit-exceeded', `too much JSON: ${file}: more than ${MAX_VALUES} values`);
  }
  const found = findJsonProblem(text);
  if (found !== undefined) throw notJson(text, file, code, found);
  try {
    return JSON.parse(text);
  } catch (error) {
    const offset = Number(/at position (\d+)/.exec(messageOf(error))?.[1] ?? 0);
    throw notJson(text, file, code, { offset, problem: 'a control character in a string' });
  }
}

function notJson(text: string, file: string, code: ErrorCode, { offset, problem }: JsonProblem): BerthError {
  const { line, column } = positionOf(text, offset);
  const shown = text.split('\n')[line - 1]?.trim();
  return new BerthError(code, `not JSON: ${file}:${line}:${column}: ${problem}`, {
    hint: `with the values put in, line ${line} reads ${quote(shown)}`,
  });
}

function checkFragment(variable: string, value: string, file: string): void {
  const place: JsonPlace = { inString: false, escaped: false, open: [] };
  if (walk(place, value) && !place.inString && place.open.length === 0) return;
  throw new BerthError(
    'value-invalid',
    `cannot use the value of ${variable}: ${file}: it does not close what it opens in JSON`,
  );
}

/** Moves on over a piece of JSON; false when it closes a bracket that it did not open. */
function walk(place: JsonPlace, text: string): boolean {
  let own = true;
  for (const character of text) {
    if (place.escaped) place.escaped = false;
    else if (place.inString && character === '\\') place.escaped = true;
    else if (character === '"') place.inString = !place.inString;
    else if (place.inString) continue;
    else if (character === '{') place.open.push('}');
    else if (character === '[') place.open.push(']');
    else if (character === '}' || character === ']') own = place.open.pop() === character && own;
  }
  return own;
}
