import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BerthError } from '../errors.ts';
import type { Context } from './context.ts';
import { runAttached } from './run-attached.ts';

interface EditRequest {
  text: string;
  fileName: string;
  /** What leads on where there is no terminal. */
  hint: string;
}

/**
 * Has a person edit a text in an editor and does work with what became of it; nothing for a text that stayed as it was.
 * Where the work fails, the file is kept and named. Throws `usage` where nobody can edit, `io` for an editor that fails.
 */
export async function editText(
  { text, fileName, hint }: EditRequest,
  { prompt, env, output }: Context,
  work: (text: string, file: string) => Promise<void>,
): Promise<void> {
  if (!prompt.isPossible) {
    throw new BerthError('usage', 'cannot edit without a terminal', { hint });
  }
  const file = join(mkdtempSync(join(tmpdir(), 'berth-edit-')), fileName);
  writeFileSync(file, text, { mode: 0o600 });
  try {
    await runEditor(env['VISUAL'] || env['EDITOR'] || 'vi', file);
    const edited = readFileSync(file, 'utf8');
    if (edited === text) output.note('nothing was changed');
    else await work(edited, file);
  } catch (error) {
    output.note(`what was edited is kept: ${file}`);
    throw error;
  }
  rmSync(dirname(file), { recursive: true });
}

/** An editor may come with options, as in `code --wait`. */
async function runEditor(editor: string, file: string): Promise<void> {
  const status = await runAttached(['/bin/sh', '-c', `${editor} "$1"`, 'sh', file], { stdin: true });
  if (status === 0) return;
  throw new BerthError('io', `the editor failed: ${editor}: exit status ${status}`, {
    hint: 'name another one, such as EDITOR=nano',
  });
}
