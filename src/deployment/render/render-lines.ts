import { BerthError } from '../../errors.ts';
import type { ExportedText } from '../exports/exports.ts';
import { parseTemplate, renderTemplate } from '../template/template.ts';
import { FORCED_VARIABLES, type Values } from '../template/values.ts';

/** The fields of a tmpfiles.d or sysusers.d line before the last one, which takes the rest of the line. */
const FIXED_FIELDS = { tmpfiles: 6, sysusers: 5 } as const;

/**
 * Renders tmpfiles.d or sysusers.d lines of the `$NAME` dialect; a value stays in its field. Throws
 * `value-invalid`, `value-missing` and `template-invalid`.
 */
export function renderLinesTemplate(
  template: ExportedText,
  values: Values,
  format: 'tmpfiles' | 'sysusers',
): string {
  for (const [index, line] of template.text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const fixed = line
      .trim()
      .split(/[ \t]+/)
      .slice(0, FIXED_FIELDS[format]);
    for (const segment of fixed.flatMap((field) => parseTemplate(field, template.file))) {
      if ('text' in segment || FORCED_VARIABLES.includes(segment.variable)) continue;
      const value = values.get(segment.variable);
      if (value === undefined || /^[^\s"'\\]+$/.test(value)) continue;
      throw new BerthError(
        'value-invalid',
        `cannot use the value of ${segment.variable}: ${template.file}:${index + 1}: there it must be one word without quotes and backslashes`,
      );
    }
  }
  return renderTemplate(template.text, values, template.file);
}

/** Throws `template-invalid` for the line that is being checked. */
export type Refuse = (cause: string) => never;

/** Hands out the fields of each line that is no comment. Throws `template-invalid` for control characters. */
export function forEachLine(
  text: string,
  file: string,
  check: (fields: string[], refuse: Refuse) => void,
): void {
  if (/\p{Cc}/u.test(text.replace(/\r?\n|\t/g, ' '))) {
    throw new BerthError('template-invalid', `control characters: ${file}`);
  }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const refuse: Refuse = (cause) => {
      throw new BerthError(
        'template-invalid',
        `cannot take a line: ${file}, line ${index + 1} of the result: ${cause}`,
      );
    };
    const fields = splitFields(line);
    // systemd takes quotes anywhere in a field: one that has others than around all of it is another to it.
    const plain = /^(?:(?:"[^"]*"|'[^']*'|[^ \t"']+)(?:[ \t]+|$)){0,5}/.exec(line.trim())?.[0] ?? '';
    if (splitFields(plain).length < Math.min(5, fields.length)) refuse('quotes belong around a whole field');
    // An escape could spell what the checks look for.
    if (fields.slice(0, 5).some((field) => field.includes('\\')))
      refuse('backslashes are for the last field');
    check(fields.map(unquote), refuse);
  }
}

/** The fields of a tmpfiles.d or sysusers.d line, quotes and all. */
function splitFields(line: string): string[] {
  return line.trim().match(/"[^"]*"|'[^']*'|[^ \t]+/g) ?? [];
}

function unquote(field: string): string {
  return field.replace(/^(["'])(.*)\1$/, '$2');
}

/** The paths that checked tmpfiles.d lines make, in their order; not those that only adjust what is there. */
export function createdPaths(tmpfiles: string): string[] {
  return tmpfiles.split('\n').flatMap((line) => {
    const [type = '', path = ''] = splitFields(line).map(unquote);
    return /^[fFwdDvqQpLcbC]/.test(type) ? [expandPath(path).replace(/\/$/, '')] : [];
  });
}

// tmpfiles.d(5), "Specifiers": those that stand for a directory of the system's.
const SPECIFIERS: Record<string, string> = {
  '%t': '/run',
  '%S': '/var/lib',
  '%C': '/var/cache',
  '%L': '/var/log',
  '%T': '/tmp',
  '%V': '/var/tmp',
  '%h': '/root',
  '%%': '%',
};

/** A path of a tmpfiles.d line under one name: specifiers for directories and well-known symlinks resolved. */
export function expandPath(path: string): string {
  return (
    path
      .replace(/%./g, (specifier) => SPECIFIERS[specifier] ?? specifier)
      // Symlinks on every system, and one directory must not have two names here.
      .replace(/^\/var\/run(?=\/|$)/, '/run')
      .replace(/^\/var\/lock(?=\/|$)/, '/run/lock')
  );
}
