import { BerthError } from '../../errors.ts';
import type { Values } from './values.ts';

/** A template of Project Atomic's dialect, parsed: text and variables in turn. */
export type Segment = { text: string } | { variable: string; offset: number };

/** A variable without a value, and the file that asks for it. */
export interface MissingVariable {
  variable: string;
  file: string;
}

const MAX_RENDERED = 4 * 1024 * 1024;

// Python's string.Template: "$$", "$NAME", "${NAME}"; any other "$" is an error there too.
const PLACEHOLDER = /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\}|)/g;

/** Parses `$NAME`, `${NAME}` and `$$`. Throws `template-invalid` with line and column for another `$`. */
export function parseTemplate(text: string, file: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    const [whole, dollar, named, braced] = match;
    segments.push({ text: text.slice(end, match.index) + (dollar ?? '') });
    end = match.index + whole.length;
    if (dollar !== undefined) continue;
    const variable = named ?? braced;
    if (variable === undefined) {
      const { line, column } = positionOf(text, match.index);
      throw new BerthError(
        'template-invalid',
        `broken template: ${file}:${line}:${column}: "$" without a variable`,
        {
          hint: 'a dollar that is meant is written "$$"',
        },
      );
    }
    segments.push({ variable, offset: match.index });
  }
  segments.push({ text: text.slice(end) });
  return segments;
}

/** The names of a template's variables, each once, in their order. Throws `template-invalid`. */
export function templateVariables(text: string, file: string): string[] {
  return variablesOf(parseTemplate(text, file));
}

/** The names of the variables in parsed segments, each once, in their order. */
export function variablesOf(segments: readonly Segment[]): string[] {
  return [...new Set(segments.flatMap((segment) => ('variable' in segment ? [segment.variable] : [])))];
}

/** Puts values in. Throws `value-missing`, naming every variable without one. */
export function renderTemplate(text: string, values: Values, file: string): string {
  const segments = parseTemplate(text, file);
  refuseMissing(findMissing(segments, values, file));
  return fillSegments(segments, file, (variable) => values.get(variable) ?? '');
}

/**
 * Puts texts in the place of variables, telling `onText` what stands between them. Throws
 * `template-invalid` for more than 4 MiB: a short template can ask for a long value very often.
 */
export function fillSegments(
  segments: readonly Segment[],
  file: string,
  textOf: (variable: string) => string,
  onText: (text: string) => void = () => undefined,
): string {
  const parts: string[] = [];
  let length = 0;
  for (const segment of segments) {
    if ('text' in segment) onText(segment.text);
    const part = 'text' in segment ? segment.text : textOf(segment.variable);
    length += part.length;
    if (length > MAX_RENDERED) {
      throw new BerthError('template-invalid', `cannot render a template: ${file}: it makes more than 4 MiB`);
    }
    parts.push(part);
  }
  return parts.join('');
}

/** The variables that have no value. */
export function findMissing(segments: readonly Segment[], values: Values, file: string): MissingVariable[] {
  return variablesOf(segments)
    .filter((variable) => !values.has(variable))
    .map((variable) => ({ variable, file }));
}

/** Throws `value-missing` that names all of them, their files and what to give; nothing for none. */
export function refuseMissing(missing: readonly MissingVariable[]): void {
  if (missing.length === 0) return;
  const files = new Map<string, Set<string>>();
  for (const { variable, file } of missing) {
    files.set(variable, (files.get(variable) ?? new Set()).add(file));
  }
  const list = [...files].map(([variable, names]) => `${variable} (${[...names].join(', ')})`).join(', ');
  throw new BerthError(
    'value-missing',
    `${files.size === 1 ? 'a variable has' : 'variables have'} no value: ${list}`,
    {
      hint: [...files.keys()].map((variable) => `--set ${variable}=VALUE`).join(' '),
    },
  );
}

/** Line and column, from 1, of an offset in a text. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
