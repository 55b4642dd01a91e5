import type { ExportedText, ImageExports } from '../exports/exports.ts';
import type { HostFile } from '../exports/host-files.ts';
import { missingInRenames } from '../exports/host-files-rename.ts';
import { findMissing, type MissingVariable, parseTemplate, templateVariables } from './template.ts';
import { splitEjs } from './template-ejs.ts';
import { FORCED_VARIABLES, type Values } from './values.ts';

/** Every variable that an image takes, sorted: those of its templates, and those with defaults. Throws `template-invalid`. */
export function variablesTaken(exports: ImageExports, hostFiles: readonly HostFile[] = []): string[] {
  const named = textsOf(exports, hostFiles).flatMap((text) =>
    text.kind === 'ejs' ? namesIn(splitEjs(text.text).inside.map(withoutTexts)) : variablesOfText(text),
  );
  const renamed = [...exports.manifest.renameFiles].flatMap(([from, to]) => templateVariables(to, from));
  const all = new Set([...named, ...renamed, ...exports.manifest.defaultValues.keys()]);
  return [...all].filter((name) => !FORCED_VARIABLES.includes(name)).sort();
}

/**
 * All variables without a value, of every file. EJS tells its own only when it is rendered: what it
 * mentions, it may do without.
 */
export function missingVariables(
  exports: ImageExports,
  hostFiles: readonly HostFile[],
  values: Values,
): MissingVariable[] {
  const known = new Map([...FORCED_VARIABLES.map((name): [string, string] => [name, '']), ...values]);
  const missing = textsOf(exports, hostFiles)
    .filter(({ kind }) => kind === 'dollar')
    .flatMap(({ file, text }) => findMissing(parseTemplate(text, file), known, file));
  return [...missing, ...missingInRenames(exports.manifest, known)];
}

/** The templates of an image, those of host files too. */
function textsOf(exports: ImageExports, hostFiles: readonly HostFile[]): ExportedText[] {
  const { service, socket, tmpfiles, sysusers, configJson } = exports;
  const host = hostFiles.map((file) => (file.type === 'file' ? file.template : undefined));
  return [service, socket, tmpfiles, sysusers, configJson, ...host].filter((text) => text !== undefined);
}

/** The variables that a text mentions. In EJS: each upper-case name in a tag that is not the language's. */
export function variablesOfText({ file, kind, text }: ExportedText): string[] {
  switch (kind) {
    case 'literal':
      return [];
    case 'dollar':
      return templateVariables(text, file);
    case 'ejs':
      return namesIn(splitEjs(text).inside);
  }
}

function namesIn(code: readonly string[]): string[] {
  const names = code.join('\n').match(/\b[A-Z][A-Z0-9_]*\b/g) ?? [];
  return [...new Set(names)].filter((name) => !(name in globalThis));
}

/** Code without strings and comments, whose words name nothing; but `locals['NAME']` does. */
function withoutTexts(code: string): string {
  return code.replace(
    /(?:\blocals\s*\[\s*)?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/g,
    (text) => (text.startsWith('locals') ? text : ' '),
  );
}
