import type { ImageFileChange } from '../layer/compare-images.ts';
import type { PackageChange } from '../layer/packages/compare-packages.ts';
import { formatBytes } from './bytes.ts';
import type { Context } from './context.ts';
import type { DiffSide } from './diff-sides.ts';
import { shortDigest } from './short-digest.ts';

/** What `berth diff` found. */
export interface ImageDiff {
  before: ComparedImage;
  after: ComparedImage;
  files: ImageFileChange[];
  /** Null where a database of packages cannot be read. */
  packages: PackageChange[] | null;
  /** Databases that cannot be read, and why. */
  unread: string[];
}

export type ComparedImage = Pick<DiffSide, 'image' | 'digest' | 'service' | 'deployment'>;

export interface DiffReportOptions {
  files?: boolean;
  packages?: boolean;
}

/** Tells a person what changes: packages, and the sums of each directory or every file. */
export function reportDiff(diff: ImageDiff, { files, packages }: DiffReportOptions, context: Context): void {
  const { output } = context;
  output.note(`from ${titleOf(diff.before)} to ${titleOf(diff.after)}`);
  const [unread, ...others] = diff.unread;
  if (unread !== undefined) {
    const more = others.length === 0 ? '' : `, and ${others.length} more; --json has all`;
    output.warn(`packages are not known: ${unread}${more}`);
  }
  const both = files === packages;
  const tables = [
    ...(both || packages ? [packageTable(diff.packages ?? [])] : []),
    ...(files ? [fileTable(diff.files)] : both ? [directoryTable(diff.files)] : []),
  ].filter(({ rows }) => rows.length > 0);
  for (const [index, { headers, rows }] of tables.entries()) {
    if (index > 0) output.data('');
    output.table(headers, rows);
  }
  if (tables.length === 0) output.note('no difference');
}

function titleOf({ image, digest, service, deployment }: ComparedImage): string {
  const of = service === null ? '' : ` (${service}, deployment ${deployment})`;
  return `${image} ${shortDigest(digest)}${of}`;
}

interface Table {
  headers: string[];
  rows: string[][];
}

function packageTable(packages: readonly PackageChange[]): Table {
  return {
    headers: ['PACKAGE', 'CHANGE', 'BEFORE', 'AFTER', 'SIZE'],
    rows: packages.map(({ name, change, versions: [before, after], sizes }) => [
      ...[name, change, before ?? '-', after ?? '-'],
      growth([sizes]),
    ]),
  };
}

function fileTable(files: readonly ImageFileChange[]): Table {
  return {
    headers: ['CHANGE', 'SIZE', 'WHAT', 'PATH'],
    rows: files.map(({ path, change, type, differences, sizes }) => [
      ...[change, growth([sizes]), differences.join(',') || type, path],
    ]),
  };
}

function directoryTable(files: readonly ImageFileChange[]): Table {
  const directories = [...Map.groupBy(files, ({ path }) => topOf(path))].sort(([a], [b]) => (a < b ? -1 : 1));
  const count = (changes: readonly ImageFileChange[], wanted: string) =>
    String(changes.filter(({ change }) => change === wanted).length);
  const rows = [...directories, ['total', files] as const].map(([directory, changes]) => [
    ...[directory, count(changes, 'added'), count(changes, 'removed'), count(changes, 'changed')],
    growth(changes.map(({ sizes }) => sizes)),
  ]);
  return { headers: ['FILES', 'ADDED', 'REMOVED', 'CHANGED', 'SIZE'], rows: files.length === 0 ? [] : rows };
}

/** As /usr/lib of /usr/lib/x/y, and / of /x. */
function topOf(path: string): string {
  return /^(?:\/[^/]+(?=\/)){0,2}/.exec(path)?.[0] || '/';
}

function growth(sizes: readonly (readonly [before: number, after: number])[]): string {
  const bytes = sizes.reduce((sum, [before, after]) => sum + after - before, 0);
  return `${bytes < 0 ? '-' : '+'}${formatBytes(Math.abs(bytes))}`;
}
