import { BerthError } from '../../errors.ts';
import { countJsonValues } from '../../image/json-values.ts';
import { runJailed } from './sandbox-jail.ts';
import type { SandboxRequest } from './sandbox-program.ts';
import { readSandboxProgram } from './sandbox-source.ts';
import { type MissingVariable, refuseMissing } from './template.ts';
import type { Values } from './values.ts';

/** One EJS text to render. `escape` is what `<%= %>` does: escape for a JSON string, or nothing. */
export interface EjsFile {
  file: string;
  text: string;
  escape: 'json' | 'none';
}

const MAX_RENDERED = 1024 * 1024;
const MAX_VALUES = 10_000;

/**
 * Renders EJS that an image brings, all files in one sandboxed process, in their order. The texts that
 * come back are as hostile as the image. Throws `template-sandbox` when the sandbox cannot be had
 * (there is no way around it), `template-invalid` for a template that fails, hangs or takes too
 * much, and `value-missing` for upper-case variables without a value.
 */
export async function renderEjs(files: readonly EjsFile[], values: Values): Promise<string[]> {
  if (files.length === 0) return [];
  const request: SandboxRequest = { values: [...values], files: [...files] };
  const program = `const REQUEST = ${JSON.stringify(JSON.stringify(request))};\n${readSandboxProgram()}`;
  const names = files.map(({ file }) => file).join(', ');
  return readAnswer(await runJailed(program, names), files, names);
}

/** Takes nothing from the answer but what it must be: the template may have written it itself. */
function readAnswer(text: string, files: readonly EjsFile[], names: string): string[] {
  if (countJsonValues(text) > MAX_VALUES) throw broken(names);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new BerthError(
      'template-invalid',
      `cannot render templates: ${names}: no answer from the sandbox`,
      {
        cause: error,
      },
    );
  }
  const results = listIn(answer, 'results');
  if (results.length !== files.length) throw broken(names);
  const rendered = files.map(({ file }, index) => {
    const result = results[index];
    const failure = textIn(result, 'error');
    if (failure !== undefined) {
      const line = Number(textIn(result, 'line'));
      const place = Number.isSafeInteger(line) && line > 0 ? `${file}:${line}` : file;
      throw new BerthError('template-invalid', `cannot render a template: ${place}: ${oneLine(failure)}`);
    }
    const output = textIn(result, 'text');
    if (output === undefined || !output.isWellFormed()) throw broken(names);
    if (output.length > MAX_RENDERED) {
      throw new BerthError('template-invalid', `cannot render a template: ${file}: it makes more than 1 MiB`);
    }
    return output;
  });
  refuseMissing(readMissing(answer, files));
  return rendered;
}

function readMissing(answer: unknown, files: readonly EjsFile[]): MissingVariable[] {
  return listIn(answer, 'missing').flatMap((entry) => {
    const variable = textIn(entry, 'variable');
    const file = files.find((candidate) => candidate.file === textIn(entry, 'file'))?.file;
    return variable !== undefined && /^[A-Z][A-Z0-9_]{0,255}$/.test(variable) && file !== undefined
      ? [{ variable, file }]
      : [];
  });
}

function broken(names: string): BerthError {
  return new BerthError(
    'template-invalid',
    `cannot render templates: ${names}: the sandbox's answer is not one`,
  );
}

function listIn(value: unknown, key: string): unknown[] {
  const found = own(value, key);
  return Array.isArray(found) ? found : [];
}

function textIn(value: unknown, key: string): string | undefined {
  const found = own(value, key);
  return typeof found === 'string' ? found : undefined;
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}

/** A message of the template's for a person's terminal: one line, no control characters. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
