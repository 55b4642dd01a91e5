import { BerthError } from '../errors.ts';
import { parseUnitFile, type UnitEntry } from '../systemd/unit-file.ts';
import type { ExportedText } from './exports.ts';
import { parseTemplate, renderTemplate, type Segment } from './template.ts';
import { FORCED_VARIABLES, type Values } from './values.ts';
import { variablesOfText } from './variables.ts';

/** What a unit's start command must do, as far as the template of the unit tells. */
export interface ServiceKind {
  /** Type= of the template, in lower case; `simple` where it names none. */
  type: string;
  /**
   * The start command returns when the container runs: Type=forking, or PIDFile=, whose process systemd
   * takes as the main one. Else it stays in the foreground.
   */
  detached: boolean;
}

const KEY = /^[A-Za-z][A-Za-z0-9-]*$/;
// Directives whose value is split into words with quotes (systemd.syntax(7), "Quoting").
const WORDS = /^(?:Exec[A-Za-z]*|Environment|PassEnvironment|UnsetEnvironment)$/;

/** Reads from a service's template what its commands must be like. Throws `template-invalid` and `unit-invalid`. */
export function readServiceKind(service: ExportedText, values: Values): ServiceKind {
  const entries = staticEntries(service);
  const last = (key: string) =>
    entries.findLast((entry) => entry.section === 'Service' && entry.key === key)?.value;
  const type = last('Type') ?? 'simple';
  const literal = service.kind === 'dollar' ? renderTemplate(type, values, service.file) : type;
  return {
    type: literal.toLowerCase(),
    detached: literal === 'forking' || (literal !== 'notify' && last('PIDFile') !== undefined),
  };
}

/**
 * Renders a unit of the `$NAME` dialect. The result has the directives of its template in their order and no
 * others, and a value stays in the word where the template puts it. Throws `value-invalid`,
 * `value-missing`, `template-invalid` and `unit-invalid`.
 */
export function renderUnitTemplate(template: ExportedText, values: Values): string {
  const entries = staticEntries(template);
  refuseContinuation(template, values);
  for (const { key, value, line } of entries) {
    const place = `${template.file}:${line}: ${key}=`;
    if (!KEY.test(key)) {
      throw new BerthError(
        'template-invalid',
        `broken template: ${template.file}:${line}: not the name of a directive: ${key}`,
      );
    }
    if (WORDS.test(key)) checkWords(parseTemplate(value, template.file), values, place);
  }
  const text = renderTemplate(template.text, values, template.file);
  const rendered = parseUnitFile(text, template.file).entries;
  const same =
    rendered.length === entries.length &&
    rendered.every(
      ({ section, key }, index) => section === entries[index]?.section && key === entries[index].key,
    );
  if (!same) {
    throw new BerthError(
      'value-invalid',
      `cannot render a unit: ${template.file}: the values change its directives`,
    );
  }
  return text;
}

/**
 * Checks a unit that EJS made: it has no directive that does not stand in the template's own text, outside
 * the tags, where a person can read it. Throws `template-invalid` and `unit-invalid`.
 */
export function checkEjsUnit(template: ExportedText, text: string): void {
  if (/\p{Cc}/u.test(text.replace(/\r?\n|\t/g, ' '))) {
    throw new BerthError('template-invalid', `cannot render a unit: ${template.file}: control characters`);
  }
  const allowed = new Set(staticEntries(template).map(({ section, key }) => `${section} ${key}`));
  for (const { section, key, line } of parseUnitFile(text, `${template.file}, rendered`).entries) {
    if (allowed.has(`${section} ${key}`) && KEY.test(key)) continue;
    throw new BerthError(
      'template-invalid',
      `cannot render a unit: ${template.file}: line ${line} of the result has ${key}= in [${section}], which is not in the template's text`,
      { hint: 'write the directive itself outside <% %>' },
    );
  }
}

/** Throws `value-invalid` for a value that the template takes and that would join two lines. */
export function refuseContinuation(template: ExportedText, values: Values): void {
  for (const variable of variablesOfText(template)) {
    if (FORCED_VARIABLES.includes(variable) || !values.get(variable)?.endsWith('\\')) continue;
    throw new BerthError(
      'value-invalid',
      `cannot use the value of ${variable}: ${template.file}: it ends in a backslash`,
    );
  }
}

function staticEntries({ file, kind, text }: ExportedText): readonly UnitEntry[] {
  if (kind === 'dollar') return parseUnitFile(text, file).entries;
  return staticLines(text);
}

/** The directives in the text of an EJS template, without what its tags add. */
function staticLines(text: string): UnitEntry[] {
  let section = '';
  const entries: UnitEntry[] = [];
  for (const [index, line] of text
    .replace(/<%[\s\S]*?%>/g, '')
    .split('\n')
    .entries()) {
    section = /^[ \t]*\[([^\]]+)\][ \t]*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*(.*?)[ \t\r]*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) entries.push({ section, key, value, line: index + 1 });
  }
  return entries;
}

/**
 * Values in a command line are data. One that stands alone as a word, `$OPTIONS`, may be several words or
 * none; one in a longer word or between quotes stays in it; quotes, backslashes and the separator
 * ";" are refused, and so is a prefix (systemd.service(5)) at the beginning of a command.
 */
function checkWords(segments: readonly Segment[], values: Values, place: string): void {
  let quote: string | undefined;
  for (const [index, segment] of segments.entries()) {
    if ('text' in segment) {
      quote = quoteAfter(segment.text, quote);
      continue;
    }
    if (FORCED_VARIABLES.includes(segment.variable)) continue;
    const value = values.get(segment.variable) ?? '';
    const cause = causeAgainst(
      value,
      quote !== undefined,
      textAt(segments, index - 1),
      textAt(segments, index + 1),
      index,
    );
    if (cause === undefined) continue;
    throw new BerthError('value-invalid', `cannot use the value of ${segment.variable}: ${place}: ${cause}`);
  }
}

function causeAgainst(
  value: string,
  quoted: boolean,
  before: string,
  after: string,
  index: number,
): string | undefined {
  if (/["'\\]/.test(value)) return 'it has a quote or a backslash, which would change the words around it';
  if (index === 1 && /^[@\-:+!|]*$/.test(before) && /^[@\-:+!|]/.test(value))
    return 'it begins with a prefix of commands';
  if (quoted) return undefined;
  if (value.split(/\s+/).includes(';')) return 'it has ";" as a word, which would begin another command';
  const alone = (index === 1 ? /(?:^|\s)$/ : /\s$/).test(before) && /^(?:\s|$)/.test(after);
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
