import type { Package } from './package.ts';

/** A package that one of two images has alone, or in another version. */
export interface PackageChange extends Pick<Package, 'manager' | 'name' | 'architecture'> {
  change: 'added' | 'removed' | 'changed';
  /** All that are installed of it, as there may be several kernels; null where there is none. */
  versions: [before: string | null, after: string | null];
  /** Bytes that packages say they take; 0 where they do not say it. */
  sizes: [before: number, after: number];
}

/** What changes from the packages of one image to those of another, sorted by name. */
export function comparePackages(before: readonly Package[], after: readonly Package[]): PackageChange[] {
  const sides = [groupPackages(before), groupPackages(after)] as const;
  const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))].sort();
  return keys.flatMap((key): PackageChange | [] => {
    const [old, now] = sides.map((side) => side.get(key) ?? []);
    const [sample] = [...(now ?? []), ...(old ?? [])];
    if (old === undefined || now === undefined || sample === undefined) return [];
    const versions = [versionsOf(old), versionsOf(now)] satisfies PackageChange['versions'];
    if (versions[0] === versions[1]) return [];
    const { manager, name, architecture } = sample;
    const change = old.length === 0 ? 'added' : now.length === 0 ? 'removed' : 'changed';
    return { manager, name, architecture, change, versions, sizes: [sizeOf(old), sizeOf(now)] };
  });
}

function groupPackages(packages: readonly Package[]): Map<string, Package[]> {
  // A space sorts before all that names are made of.
  return Map.groupBy(packages, ({ manager, name, architecture }) => [name, architecture, manager].join(' '));
}

function versionsOf(packages: readonly Package[]): string | null {
  if (packages.length === 0) return null;
  return packages
    .map(({ version }) => version)
    .sort()
    .join(', ');
}

function sizeOf(packages: readonly Package[]): number {
  return packages.reduce((sum, { size }) => sum + (size ?? 0), 0);
}
