import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import { isUnitName, isUnitTemplate, parseUnitName, type UnitName } from '../systemd/unit-name.ts';

/** What a service needs and waits for, and what waits for it. To require a unit is to wait for it, too. */
export interface Dependencies {
  requires: UnitName[];
  after: UnitName[];
  before: UnitName[];
}

/** The same, as a person or an image wrote it: `etcd` is `etcd.service`. */
export type WrittenDependencies = Readonly<Record<keyof Dependencies, readonly string[]>>;

export const NO_DEPENDENCIES: Readonly<Dependencies> = { requires: [], after: [], before: [] };

const DIRECTIVES = { requires: 'Requires', after: 'After', before: 'Before' } as const;

/** Throws `unit-invalid` for what is neither a unit's name nor that of a service. */
export function parseDependencies(written: WrittenDependencies): Dependencies {
  return {
    requires: written.requires.map(parseDependency),
    after: written.after.map(parseDependency),
    before: written.before.map(parseDependency),
  };
}

function parseDependency(text: string): UnitName {
  const unit = isUnitName(text) ? text : `${text}.service`;
  if (!isUnitName(unit) || isUnitTemplate(parseUnitName(unit))) {
    throw new BerthError('unit-invalid', `not the name of a unit or of a service: ${quote(text)}`);
  }
  return parseUnitName(unit);
}

/** The directives that say so in the unit `own`, which cannot depend on itself; none for no dependencies. */
export function dependencyDirectives(
  { requires, after, before }: Dependencies,
  own: string,
): { section: 'Unit'; key: string; value: string }[] {
  const lists = { requires, after: [...requires, ...after], before };
  return (['requires', 'after', 'before'] as const).flatMap((kind) => {
    const units = [...new Set<string>(lists[kind])].filter((unit) => unit !== own);
    return units.length === 0
      ? []
      : [{ section: 'Unit' as const, key: DIRECTIVES[kind], value: units.join(' ') }];
  });
}
