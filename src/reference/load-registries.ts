import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import { noRegistries, type Registries } from './registries.ts';
import { parseRegistriesConf, type RegistriesFile } from './registries-conf.ts';

/**
 * The registries.conf(5) that is in force: the one that the environment names, else the person's own
 * where there is one, else the system's; the drop-ins in the order of containers-registries.conf.d(5);
 * then the aliases that podman asked a person for. Throws `registries-conf-invalid`.
 */
export function loadRegistries(paths: Paths, env: NodeJS.ProcessEnv): Registries {
  const merged = noRegistries();
  // The second is what podman called it before.
  const named = env['CONTAINERS_REGISTRIES_CONF'] || env['REGISTRIES_CONFIG_PATH'];
  const files = named ? [named] : usualFiles(paths, env);
  for (const file of [...files, rememberedAliases(paths, env)]) {
    const text = readIfThere(file);
    if (text !== undefined) mergeInto(merged, parseRegistriesConf(text, file));
    else if (file === named) {
      throw new BerthError('registries-conf-invalid', `no such file: ${file}`, {
        hint: 'CONTAINERS_REGISTRIES_CONF in the environment names it',
      });
    }
  }
  return merged;
}

function rememberedAliases(paths: Paths, env: NodeJS.ProcessEnv): string {
  const cache = env['XDG_CACHE_HOME'] || (env['HOME'] ? join(env['HOME'], '.cache') : undefined);
  const file = 'containers/short-name-aliases.conf';
  return process.getuid?.() === 0 || cache === undefined
    ? paths.follow(`/var/cache/${file}`)
    : join(cache, file);
}

function usualFiles(paths: Paths, env: NodeJS.ProcessEnv): string[] {
  // What a person prefers here is not for another system to have.
  const own = paths.root === '/' ? personalFolder(env) : undefined;
  if (own !== undefined && readIfThere(join(own, 'registries.conf')) !== undefined) {
    return [join(own, 'registries.conf'), ...dropIns(own)];
  }
  const system = '/etc/containers';
  return [
    paths.follow(`${system}/registries.conf`),
    ...dropIns(system, (path) => paths.follow(path)),
    ...(own === undefined ? [] : dropIns(own)),
  ];
}

function personalFolder(env: NodeJS.ProcessEnv): string | undefined {
  const config = env['XDG_CONFIG_HOME'] || (env['HOME'] ? join(env['HOME'], '.config') : undefined);
  return config === undefined ? undefined : join(config, 'containers');
}

/** `follow` gives the path to open for one of the folder's system. */
function dropIns(folder: string, follow = (path: string) => path): string[] {
  const directory = join(folder, 'registries.conf.d');
  try {
    return readdirSync(follow(directory), { withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.conf') && !entry.isDirectory())
      .map((entry) => join(directory, entry.name))
      .sort()
      .map(follow);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadable(directory, error);
  }
}

function mergeInto(merged: Registries, file: RegistriesFile): void {
  merged.search = file.search ?? merged.search;
  merged.shortNameMode = file.shortNameMode ?? merged.shortNameMode;
  merged.credentialHelpers = file.credentialHelpers ?? merged.credentialHelpers;
  for (const [name, value] of file.aliases) {
    if (value === '') merged.aliases.delete(name);
    else merged.aliases.set(name, value);
  }
  for (const entry of file.entries) {
    merged.entries = [...merged.entries.filter((other) => other.prefix !== entry.prefix), entry];
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readRegularText(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): BerthError {
  return new BerthError('registries-conf-invalid', `cannot read: ${file}: ${messageOf(error)}`, {
    cause: error,
  });
}
