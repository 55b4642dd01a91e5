import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { BerthError, messageOf } from '../../errors.ts';

/** The file beside berth's bundle that the build writes `assembleSandboxProgram` into. */
export const SANDBOX_PROGRAM_FILE = 'template-sandbox.js';

/** The program that runs in the sandbox. Throws `template-sandbox` when berth's installation lacks it. */
export function readSandboxProgram(): string {
  if (import.meta.url.endsWith('.ts')) return assembleSandboxProgram();
  try {
    return readFileSync(new URL(SANDBOX_PROGRAM_FILE, import.meta.url), 'utf8');
  } catch (error) {
    throw new BerthError('template-sandbox', `cannot read the sandbox's program: ${messageOf(error)}`, {
      hint: 'in its checkout: npm run build',
      cause: error,
    });
  }
}

/**
 * Puts the program together from berth's sources and EJS: one text that needs no other file, because
 * in the sandbox there is none. Works from sources only; the build calls it.
 */
export function assembleSandboxProgram(): string {
  // The build of EJS for browsers: self-contained, and without access to files.
  const ejs = readFileSync(new URL('../../ejs.min.js', import.meta.resolve('ejs')), 'utf8');
  const program = readFileSync(new URL('sandbox-program.ts', import.meta.url), 'utf8');
  const stripped = stripTypeScriptTypes(program).replaceAll(/^export /gm, '');
  return `const EJS_SOURCE = ${JSON.stringify(ejs)};\n${stripped}`;
}
