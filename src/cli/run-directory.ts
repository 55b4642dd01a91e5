import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import type { Context } from './context.ts';
import { withScratchDirectory } from './scratch-directory.ts';

/**
 * Does work with a directory for a unit that is called as it is, on the file system of the store. It is thrown away
 * then, and so are those of earlier units; `prefix` begins the names.
 */
export async function withRunDirectory<Result>(
  prefix: string,
  context: Context,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  mkdirSync(context.paths.runs, { recursive: true, mode: 0o700 });
  // systemd makes no root directory of one behind a symlink.
  const parent = realpathSync(context.paths.runs);
  return await withScratchDirectory({ parent, prefix, busy: await runningOnes(context) }, work);
}

/** Units whose berth was killed go on without it. */
async function runningOnes(context: Context): Promise<string[]> {
  const names = readdirSync(context.paths.runs);
  if (names.length === 0) return [];
  const states = await context.systemd().summaries(names.map((name) => `${name}.service`));
  return names.filter(
    (_, index) => !['inactive', 'failed'].includes(states[index]?.activeState ?? 'inactive'),
  );
}
