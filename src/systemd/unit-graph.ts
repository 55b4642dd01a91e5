import type { Link, LinkKind, UnitLinks } from './unit-links.ts';

/** Units and what they say of each other, from any number of sources. */
export class UnitGraph {
  readonly #loadStates = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #outgoing = new Map<string, Map<LinkKind, Set<string>>>();
  readonly #incoming = new Map<string, Map<LinkKind, Set<string>>>();

  /** Of several entries for one unit the last decides its load state; links are those of all. */
  constructor(units: readonly UnitLinks[]) {
    for (const { name, aliases, loadState } of units) {
      for (const alias of aliases) this.#names.set(alias, name);
      this.#loadStates.set(name, loadState);
    }
    for (const { links } of units) for (const link of links) this.#link(link);
  }

  /** The units that were given, by their own names. */
  get units(): string[] {
    return [...this.#loadStates.keys()];
  }

  /** The unit's own name, for any name of it. */
  name(unit: string): string {
    return this.#names.get(unit) ?? unit;
  }

  /** Undefined for a unit that was not given, only mentioned. */
  loadState(unit: string): string | undefined {
    return this.#loadStates.get(this.name(unit));
  }

  /** The units that this one names in one of these ways, each once. */
  targets(unit: string, ...kinds: readonly LinkKind[]): string[] {
    return collect(this.#outgoing.get(this.name(unit)), kinds);
  }

  /** The units that name this one in one of these ways, each once. */
  sources(unit: string, ...kinds: readonly LinkKind[]): string[] {
    return collect(this.#incoming.get(this.name(unit)), kinds);
  }

  /** All that is reached from a unit by links of these kinds, nearest first, without the unit. */
  reach(unit: string, ...kinds: readonly LinkKind[]): string[] {
    return walk(this.name(unit), (at) => this.targets(at, ...kinds));
  }

  /** All from which a unit is reached by links of these kinds, nearest first, without the unit. */
  reachedFrom(unit: string, ...kinds: readonly LinkKind[]): string[] {
    return walk(this.name(unit), (at) => this.sources(at, ...kinds));
  }

  #link(link: Link): void {
    const [from, to] = [this.name(link.from), this.name(link.to)];
    put(this.#outgoing, from, link.kind, to);
    put(this.#incoming, to, link.kind, from);
  }
}

function put(
  index: Map<string, Map<LinkKind, Set<string>>>,
  unit: string,
  kind: LinkKind,
  other: string,
): void {
  const kinds = index.get(unit) ?? new Map<LinkKind, Set<string>>();
  const others = kinds.get(kind) ?? new Set();
  index.set(unit, kinds.set(kind, others.add(other)));
}

function collect(links: Map<LinkKind, Set<string>> | undefined, kinds: readonly LinkKind[]): string[] {
  return [...new Set(kinds.flatMap((kind) => [...(links?.get(kind) ?? [])]))];
}

function walk(start: string, next: (unit: string) => string[]): string[] {
  const seen = new Set([start]);
  // A set hands out what is added to it while it is read.
  for (const unit of seen) for (const other of next(unit)) seen.add(other);
  seen.delete(start);
  return [...seen];
}
