import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Adds a command to the program. */
export type AddCommand = (program: Command, context: Context) => void;

/** The command that needs all others: it tells of them. */
const COMPLETION = 'completion';

/** The commands, in the order of the help. What one needs is loaded when it is called. */
const COMMANDS = new Map<string, () => Promise<AddCommand>>([
  ['install', async () => (await import('./commands/install.ts')).addInstall],
  ['update', async () => (await import('./commands/update.ts')).addUpdate],
  ['set', async () => (await import('./commands/set.ts')).addSet],
  ['edit', async () => (await import('./commands/edit.ts')).addEdit],
  ['apply', async () => (await import('./commands/apply.ts')).addApply],
  ['rollback', async () => (await import('./commands/rollback.ts')).addRollback],
  ['history', async () => (await import('./commands/history.ts')).addHistory],
  ['uninstall', async () => (await import('./commands/uninstall.ts')).addUninstall],
  ['list', async () => (await import('./commands/list.ts')).addList],
  ['status', async () => (await import('./commands/status.ts')).addStatus],
  ['stats', async () => (await import('./commands/stats.ts')).addStats],
  ['logs', async () => (await import('./commands/logs.ts')).addLogs],
  ['run', async () => (await import('./commands/run.ts')).addRun],
  ['ports', async () => (await import('./commands/ports.ts')).addPorts],
  ['cp', async () => (await import('./commands/cp.ts')).addCp],
  ['mount', async () => (await import('./commands/mount.ts')).addMount],
  ['umount', async () => (await import('./commands/umount.ts')).addUmount],
  ['scan', async () => (await import('./commands/scan.ts')).addScan],
  ['exec', async () => (await import('./commands/exec.ts')).addExec],
  ['shell', async () => (await import('./commands/shell.ts')).addShell],
  ['events', async () => (await import('./commands/events.ts')).addEvents],
  ['graph', async () => (await import('./commands/graph.ts')).addGraph],
  ['pull', async () => (await import('./commands/pull.ts')).addPull],
  ['images', async () => (await import('./commands/images.ts')).addImages],
  ['copy', async () => (await import('./commands/copy.ts')).addCopy],
  ['push', async () => (await import('./commands/push.ts')).addPush],
  ['bundle', async () => (await import('./commands/bundle.ts')).addBundle],
  ['export', async () => (await import('./commands/export.ts')).addExport],
  ['import', async () => (await import('./commands/import.ts')).addImport],
  ['tags', async () => (await import('./commands/tags.ts')).addTags],
  ['tag', async () => (await import('./commands/tag.ts')).addTag],
  ['login', async () => (await import('./commands/login.ts')).addLogin],
  ['logout', async () => (await import('./commands/logout.ts')).addLogout],
  ['inspect', async () => (await import('./commands/inspect.ts')).addInspect],
  ['diff', async () => (await import('./commands/diff.ts')).addDiff],
  ['lock', async () => (await import('./commands/lock.ts')).addLock],
  ['verify', async () => (await import('./commands/verify.ts')).addVerify],
  ['fsck', async () => (await import('./commands/fsck.ts')).addFsck],
  ['doctor', async () => (await import('./commands/doctor.ts')).addDoctor],
  ['df', async () => (await import('./commands/df.ts')).addDf],
  ['prune', async () => (await import('./commands/prune.ts')).addPrune],
  ['recover', async () => (await import('./commands/recover.ts')).addRecover],
  ['auto-update', async () => (await import('./commands/auto-update.ts')).addAutoUpdate],
  ['version', async () => (await import('./commands/version.ts')).addVersion],
  [COMPLETION, async () => (await import('./commands/completion.ts')).addCompletion],
]);

/** What commands are called, too. */
const ALIASES = new Map([['top', 'stats']]);

/**
 * What a command line can mean: the command that its first word names, and all of them where it names
 * none, so that help lists them and a misspelt one finds its neighbour, or one that tells of all.
 */
export async function commandsFor(args: readonly string[]): Promise<AddCommand[]> {
  const word = firstWord(args);
  const named = word === COMPLETION ? undefined : COMMANDS.get(ALIASES.get(word) ?? word);
  return Promise.all((named === undefined ? [...COMMANDS.values()] : [named]).map((load) => load()));
}

/** True for the name of a command of berth. */
export function isCommand(word: string): boolean {
  return COMMANDS.has(word);
}

/** The first word that is neither an option nor the directory of `--root`. */
function firstWord([word = '', ...rest]: readonly string[]): string {
  if (word === '--root') return firstWord(rest.slice(1));
  return word.startsWith('-') ? firstWord(rest) : word;
}
