import type { Paths } from '../paths.ts';
import { findRuntime } from '../runtime/runtime.ts';
import { runtimeVersion } from '../runtime/runtime-version.ts';
import { type Check, type Finding, findingsOf, ok, warning } from './check.ts';
import { readableSettings } from './readable-settings.ts';
import { readableRecords } from './records.ts';

/** The runtime that new services get, and those that the units of services name. */
export const runtimeCheck: Check = {
  name: 'runtime',
  live: false,
  async find({ paths }) {
    const wanted = readableSettings(paths)?.runtime;
    const [first, ...others] = await Promise.all([
      findingsOf(() => look(paths, wanted)),
      ...named(paths).map((path) => findingsOf(() => look(paths, path))),
    ]);
    const told = new Set((first ?? []).map(({ what }) => what));
    return [...(first ?? []), ...others.flat().filter(({ what }) => !told.has(what))];
  },
};

/** Each once. */
function named(paths: Paths): string[] {
  return [...new Set(readableRecords(paths).map(({ runtime }) => runtime))];
}

async function look(paths: Paths, wanted: string | undefined): Promise<Finding[]> {
  const { path } = await findRuntime(paths, wanted);
  if (paths.root !== '/') return [ok(path)];
  const { text, seccomp } = await runtimeVersion(path);
  if (seccomp) return [ok(`${path}: ${text}, with seccomp`)];
  return [
    warning(
      `${path}: ${text}, does not say that it filters system calls (seccomp)`,
      `${path} --version; one that does: apt install runc`,
    ),
  ];
}
