import type { UnitEntry } from './unit-file.ts';
import type { UnitFiles } from './unit-files.ts';
import { type Link, makeLinks, REVERSE_DIRECTIVES, UNIT_DIRECTIVES, type UnitLinks } from './unit-links.ts';
import { isUnitName, isUnitTemplate, parseUnitName, unitInstance, unitPrefix } from './unit-name.ts';

/**
 * What a unit's files say of other units; what those say of it is in their own. Order that systemd
 * adds by itself, such as that of targets, is not in files. `enabled` takes [Install] as done.
 */
export function readFileLinks(files: UnitFiles, unit: string, enabled = false): UnitLinks {
  const { name, loadState, entries, wants, requires } = files.find(unit);
  const links = [
    ...entries.flatMap((entry) => entryLinks(name, entry, enabled)),
    ...socketLinks(name, entries),
    ...makeLinks(name, { kind: 'Wants', reverse: false }, wants),
    ...makeLinks(name, { kind: 'Requires', reverse: false }, requires),
  ];
  return {
    name,
    aliases: name === unit ? [] : [unit],
    loadState,
    // systemd drops what a unit says of itself.
    links: links.filter(({ from, to }) => from !== to),
  };
}

/** The links of all units below a root, from their files; those of templates are their instances'. */
export function readAllFileLinks(files: UnitFiles): UnitLinks[] {
  return files.names().map((unit) => readFileLinks(files, unit));
}

/** A socket goes before the service that it starts (systemd.socket(5), "Implicit Dependencies"). */
function socketLinks(unit: string, entries: readonly UnitEntry[]): Link[] {
  const sets = (key: string) => entries.findLast((entry) => entry.section === 'Socket' && entry.key === key);
  if (!unit.endsWith('.socket') || /^(?:1|y|yes|t|true|on)$/i.test(sets('Accept')?.value ?? '')) return [];
  const services = unitWords(unit, sets('Service')?.value ?? unit.replace(/socket$/, 'service'));
  return makeLinks(unit, { kind: 'After', reverse: true }, services);
}

function entryLinks(unit: string, { section, key, value }: UnitEntry, enabled: boolean): Link[] {
  const directions =
    section === 'Unit' ? UNIT_DIRECTIVES : enabled && section === 'Install' ? REVERSE_DIRECTIVES : {};
  const direction = Object.hasOwn(directions, key) ? directions[key] : undefined;
  return direction === undefined ? [] : makeLinks(unit, direction, unitWords(unit, value));
}

/** The units that a value names: what is none is dropped, as systemd drops it. */
function unitWords(unit: string, value: string): string[] {
  return value
    .split(/[ \t\n\r]+/)
    .map((word) => word.replace(/^"(.*)"$/, '$1').replace(/%./g, (specifier) => expand(unit, specifier)))
    .filter((word) => isUnitName(word) && !isUnitTemplate(parseUnitName(word)));
}

/** systemd.unit(5), "Specifiers": those that make up names. The rest leave a word that is no name. */
function expand(unit: string, specifier: string): string {
  const name = parseUnitName(unit);
  switch (specifier) {
    case '%n':
      return unit;
    case '%N':
      return unit.slice(0, unit.lastIndexOf('.'));
    case '%p':
      return unitPrefix(name);
    case '%i':
      return unitInstance(name) ?? '';
    case '%j':
      return unitPrefix(name).slice(unitPrefix(name).lastIndexOf('-') + 1);
    default:
      return specifier;
  }
}
