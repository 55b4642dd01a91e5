/**
 * How a unit depends on another (systemd.unit(5)): `After` is order, `PartOf` passes stops on, the
 * others pull the other unit in, and all of these but `Wants` need it.
 */
export type LinkKind = 'After' | 'Requires' | 'Requisite' | 'BindsTo' | 'Wants' | 'PartOf';

/** `from` says `kind`= `to`. Reverse directives are turned around: Before= of one is After= of the other. */
export interface Link {
  from: string;
  kind: LinkKind;
  to: string;
}

/** A unit, and all that is said between it and others, by it or by them. */
export interface UnitLinks {
  name: string;
  /** Its other names, by which links may mean it. */
  aliases: string[];
  /** loaded, not-found, masked … */
  loadState: string;
  links: Link[];
}

/** Kinds without which a unit does not start. */
export const NEEDS: readonly LinkKind[] = ['Requires', 'Requisite', 'BindsTo'];

interface Direction {
  kind: LinkKind;
  reverse: boolean;
}

/** The directives of a [Unit] section; systemd's properties on the bus have the same names. */
export const UNIT_DIRECTIVES: Readonly<Record<string, Direction>> = {
  After: { kind: 'After', reverse: false },
  Before: { kind: 'After', reverse: true },
  Requires: { kind: 'Requires', reverse: false },
  Requisite: { kind: 'Requisite', reverse: false },
  BindsTo: { kind: 'BindsTo', reverse: false },
  Wants: { kind: 'Wants', reverse: false },
  Upholds: { kind: 'Wants', reverse: false },
  PartOf: { kind: 'PartOf', reverse: false },
};

/** What only the bus, or the [Install] section of an enabled unit, says of others. */
export const REVERSE_DIRECTIVES: Readonly<Record<string, Direction>> = {
  RequiredBy: { kind: 'Requires', reverse: true },
  RequisiteOf: { kind: 'Requisite', reverse: true },
  BoundBy: { kind: 'BindsTo', reverse: true },
  WantedBy: { kind: 'Wants', reverse: true },
  UpheldBy: { kind: 'Wants', reverse: true },
  ConsistsOf: { kind: 'PartOf', reverse: true },
};

/** The links that a unit's directive makes to each of `others`. */
export function makeLinks(unit: string, { kind, reverse }: Direction, others: readonly string[]): Link[] {
  return others.map((other) => (reverse ? { from: other, kind, to: unit } : { from: unit, kind, to: other }));
}
