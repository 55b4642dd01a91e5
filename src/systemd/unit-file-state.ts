import type { UnitFiles } from './unit-files.ts';

const ETC = '/etc/systemd/system';
const PLAIN = [`${ETC}/`, '/usr/lib/systemd/system/', '/lib/systemd/system/'];
const PULLS = ['WantedBy', 'RequiredBy', 'UpheldBy'];

/**
 * UnitFileState, as systemd finds it (systemctl(1), "is-enabled"), of a unit whose file is a plain one: to find
 * it for one unit, systemd reads the directories of all. Undefined where only systemd can tell: of masked units,
 * instances, aliases, symlinks, and [Install] sections that do more than have the unit pulled in.
 */
export function plainFileState(files: UnitFiles, unit: string): string | undefined {
  const found = files.find(unit);
  const { name, loadState, path, symlink } = found;
  if (loadState === 'not-found') return '';
  const plain = PLAIN.some((directory) => path === directory + unit);
  if (loadState !== 'loaded' || name !== unit || symlink || !plain) return undefined;
  const pulled = files.pulledBy(unit);
  if (pulled.includes(ETC)) return 'enabled';
  if (pulled.length > 0) return undefined;
  const install = found.entries.filter(({ section }) => section === 'Install');
  if (install.some(({ key, value }) => !PULLS.includes(key) || value === '')) return undefined;
  return install.length > 0 ? 'disabled' : 'static';
}
