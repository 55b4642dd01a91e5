import type { Systemd } from '../systemd/systemd.ts';
import type { Link, LinkKind } from '../systemd/unit-links.ts';

/** What one unit has to do with another, as far as a person said so. */
export interface Relation {
  to: string;
  /** The strongest: of Requires=, Wants= and After= it is Requires=. */
  kind: LinkKind;
  /** True when it starts after the other. */
  ordered: boolean;
}

const STRENGTH: readonly LinkKind[] = ['BindsTo', 'Requires', 'Requisite', 'Wants', 'PartOf', 'After'];

// What systemd adds to every unit, so that it tells nothing of one (systemd.service(5), systemd.exec(5),
// "Implicit Dependencies"), and mounts, devices and slices, which come by themselves.
const IMPLICIT =
  /\.(?:slice|mount|automount|swap|device|scope)$|^(?:sysinit|basic|shutdown|umount|reboot|final)\.target$|^systemd-(?:journald\.socket|journald-dev-log\.socket|tmpfiles-setup\.service)$/;

/** What a unit needs, wants and waits for, without what systemd adds to every unit, sorted by name. */
export async function readRelations(unit: string, systemd: Pick<Systemd, 'links'>): Promise<Relation[]> {
  const found = await systemd.links([unit]);
  return relationsOf(
    unit,
    found.flatMap(({ links }) => links),
  );
}

/** The same from links at hand. */
export function relationsOf(unit: string, links: readonly Link[]): Relation[] {
  const own = links.filter(({ from, to }) => from === unit && to !== unit && !IMPLICIT.test(to));
  return [...new Set(own.map(({ to }) => to))].sort().map((to) => {
    const kinds = own.filter((link) => link.to === to).map(({ kind }) => kind);
    const kind = STRENGTH.find((strong) => kinds.includes(strong)) ?? 'After';
    return { to, kind, ordered: kinds.includes('After') };
  });
}
