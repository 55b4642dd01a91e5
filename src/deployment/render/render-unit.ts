import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import { parseUnitFile, type UnitEntry } from '../../systemd/unit-file.ts';
import type { ExportedText } from '../exports/exports.ts';
import { parseTemplate, renderTemplate } from '../template/template.ts';
import { splitEjs } from '../template/template-ejs.ts';
import { FORCED_VARIABLES, type Values } from '../template/values.ts';
import { variablesOfText } from '../template/variables.ts';
import { isNotifyType } from './readiness.ts';
import { checkWords } from './render-words.ts';

/** What a unit's start command must do, as far as the template of the unit tells. */
export interface ServiceKind {
  /** Type= of the template; `simple` where it names none. */
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
  const type = last('Type') || 'simple';
  const literal = service.kind === 'dollar' ? renderTemplate(type, values, service.file) : type;
  return {
    type: literal,
    detached: literal === 'forking' || (!isNotifyType(literal) && last('PIDFile') !== undefined),
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
  // First, because this bounds how often a long value is looked at.
  const text = renderTemplate(template.text, values, template.file);
  for (const { key, value, line } of entries) {
    const place = `${template.file}:${line}: ${key}=`;
    if (!KEY.test(key)) {
      throw new BerthError(
        'template-invalid',
        `broken template: ${template.file}:${line}: not the name of a directive: ${quote(key)}`,
      );
    }
    if (WORDS.test(key)) checkWords(parseTemplate(value, template.file), values, place);
  }
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
 * the tags, where a person can read it. Throws `template-invalid`,
 * `value-invalid` and `unit-invalid`.
 */
export function checkEjsUnit(template: ExportedText, text: string, values: Values): void {
  refuseContinuation(template, values);
  if (/\p{Cc}/u.test(text.replace(/\r?\n|\t/g, ' '))) {
    throw new BerthError('template-invalid', `cannot render a unit: ${template.file}: control characters`);
  }
  const allowed = new Set(staticEntries(template).map(({ section, key }) => `${section} ${key}`));
  for (const { section, key, line } of parseUnitFile(text, `${template.file}, rendered`).entries) {
    if (allowed.has(`${section} ${key}`) && KEY.test(key)) continue;
    throw new BerthError(
      'template-invalid',
      `cannot render a unit: ${template.file}: line ${line} of the result has ${quote(`${key}=`)} in section ${quote(section)}, which is not in the template's text`,
      { hint: 'write the directive itself outside <% %>' },
    );
  }
}

/** Throws `value-invalid` for a value that the template takes and that would join two lines. */
function refuseContinuation(template: ExportedText, values: Values): void {
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
  for (const [index, line] of splitEjs(text).outside.split('\n').entries()) {
    section = /^[ \t]*\[([^\]]+)\][ \t]*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=(.*)/.exec(line) ?? [];
    if (key !== undefined && value !== undefined)
      entries.push({ section, key, value: value.trim(), line: index + 1 });
  }
  return entries;
}
