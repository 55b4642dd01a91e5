import type { ServiceName } from '../../service-name.ts';
import { printUnitFile, UnitFile } from '../../systemd/unit-file.ts';

/** One directive that berth adds to a unit, whoever wrote the unit. */
export interface UnitAddition {
  section: 'Unit' | 'Service' | 'Install';
  key: string;
  value: string;
}

const SECTIONS: UnitAddition['section'][] = ['Unit', 'Service', 'Install'];

/**
 * The text of a drop-in with these directives, section by section, in their order; undefined for none.
 * Throws `unit-invalid` for a value that is not one line.
 */
export function renderAdditions(additions: readonly UnitAddition[]): string | undefined {
  if (additions.length === 0) return undefined;
  const entries = SECTIONS.flatMap((section) => additions.filter((addition) => addition.section === section));
  return printUnitFile(new UnitFile(entries.map((entry, index) => ({ ...entry, line: index + 1 }))));
}

/**
 * What every service of berth needs and an image's unit may leave out: the right to a cgroup below its
 * own, and log lines that do not carry the runtime's name.
 */
export function addSupervision(unit: UnitFile, name: ServiceName): UnitAddition[] {
  const wanted: UnitAddition[] = [
    { section: 'Service', key: 'Delegate', value: 'yes' },
    { section: 'Service', key: 'SyslogIdentifier', value: name },
  ];
  return wanted.filter(({ section, key }) => unit.get(section, key) === undefined);
}
