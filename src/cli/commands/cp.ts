import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { BerthError, isErrno } from '../../errors.ts';
import { copyTree } from '../../linux/copy-tree.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { O_PATH, openInRoot } from '../../linux/open-in-root.ts';
import { containerPid } from '../../runtime/container-state.ts';
import type { Context } from '../context.ts';
import { type RunningContainer, readConfig, runningContainer } from '../running-container.ts';

/** A path of the host, or of a service. */
interface Place {
  service: string | undefined;
  path: string;
}

/** `berth cp`: files between the host and a service. */
export function addCp(program: Command, context: Context): void {
  program
    .command('cp')
    .description('copy files out of a running service, or into what it can write')
    .argument('<from>', 'PATH of the host, or NAME:PATH in a service')
    .argument('<to>', 'NAME:PATH or PATH; into it where it is a directory')
    .addHelpText('after', '\nExamples:\n  berth cp web:/var/log/access.log .\n  berth cp seed.sql db:/data/')
    .action((from: string, to: string) => copy(from, to, context));
}

async function copy(fromText: string, toText: string, context: Context): Promise<void> {
  const [from, to] = [parsePlace(fromText), parsePlace(toText)];
  const service = from.service ?? to.service;
  if (service === undefined || (from.service !== undefined && to.service !== undefined)) {
    throw new BerthError('usage', `not one of them in a service: ${fromText} ${toText}`, {
      hint: 'such as berth cp web:/etc/passwd . ; a path of the host with a ":" begins with ./ or /',
    });
  }
  const container = await runningContainer(service, context);
  const inside = await openRoot(container);
  const host = openSync('/', O_PATH | constants.O_DIRECTORY);
  const { signal, output } = context;
  const owner = from.service === undefined ? ownerIn(container) : undefined;
  const [source, target] = from.service === undefined ? [host, inside] : [inside, host];
  try {
    const opened = openInRoot(source, from.path, O_PATH);
    const { directory, name } = openTarget(target, to.path, basename(from.path));
    copyTree(opened, directory, name, { owner, signal, warn: (text) => output.warn(text) });
  } catch (error) {
    throw explain(error, `${fromText} to ${toText}`, container);
  } finally {
    for (const root of [inside, host]) closeSync(root);
  }
}

/** The container's own view of its files, which is no other's, even if the process has ended by now. */
async function openRoot(container: RunningContainer): Promise<number> {
  const root = openSync(`/proc/${container.pid}/root`, O_PATH | constants.O_DIRECTORY);
  if ((await containerPid(container)) === container.pid) return root;
  closeSync(root);
  throw new BerthError('not-running', `not running: ${container.name}: it has just ended`, {
    hint: `systemctl start ${container.name}.service`,
  });
}

function openTarget(root: number, path: string, name: string): { directory: number; name: string } {
  const flags = O_PATH | constants.O_DIRECTORY;
  try {
    return { directory: openInRoot(root, path, flags), name: name || 'root' };
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    return { directory: openInRoot(root, dirname(path), flags), name: basename(path) };
  }
}

function parsePlace(text: string): Place {
  const [, service, path = ''] = /^([^/.:][^/:]*):(.*)$/s.exec(text) ?? [];
  return service === undefined ? { service, path: resolve(text) } : { service, path: join('/', path) };
}

/** As whom the service runs: it is to read what it is given. */
function ownerIn(container: RunningContainer): { uid: number; gid: number } {
  return readConfig(container).process.user ?? { uid: 0, gid: 0 };
}

function explain(error: unknown, what: string, { name }: RunningContainer): unknown {
  if (isErrno(error, 'ENOENT', 'ENOTDIR') && error.path !== undefined) {
    return fileSystemError(error, `cannot copy: ${what}`, error.path);
  }
  if (!isErrno(error, 'EROFS')) return fileSystemError(error, 'cannot copy', what);
  return new BerthError('io', `cannot copy: ${what}: it is read-only there`, {
    hint: `what is not, has "rw": berth exec ${name} -- cat /proc/mounts`,
    cause: error,
  });
}
