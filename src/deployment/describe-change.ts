import { join } from 'node:path';
import type { Digest } from '../image/digest.ts';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import type { ServiceName } from '../service-name.ts';
import type { FileChange } from './plan/change-files.ts';
import type { PreparedSwitch, Successor } from './plan/switch.ts';
import type { DeploymentRecord } from './record.ts';
import { unifiedDiff } from './unified-diff.ts';

/** One deployment, as far as a person tells it from another. */
export interface DeploymentSummary {
  number: number;
  image: string;
  digest: Digest;
  /** The image's version label; null without one. */
  version: string | null;
  /** Where the root file system is that it runs on instead of the image's; else null. */
  rootfs: string | null;
}

/** What an update or a rollback changes of one service. */
export interface ServiceChange {
  service: ServiceName;
  from: DeploymentSummary;
  to: DeploymentSummary;
  files: FileChange[];
  /** Of units, config.json and all else that is rendered, as `diff -u` prints it; empty for no difference. */
  diff: string;
}

/** What a change does to each of its services, in the order in which they start. */
export function describeChange({ successors, changes }: PreparedSwitch, paths: Paths): ServiceChange[] {
  return successors.map((successor) => ({
    service: successor.record.service,
    from: summarizeDeployment(successor.before),
    to: summarizeDeployment(successor.record),
    files: changes.filter(({ path }) => concerns(path, successor)),
    diff: diffTexts(successor, paths),
  }));
}

/** The facts that tell a deployment from another. */
export function summarizeDeployment({ number, image, rootfs }: DeploymentRecord): DeploymentSummary {
  const { name, manifestDigest, labels } = image;
  const version = labels['org.opencontainers.image.version'] ?? labels['version'] ?? null;
  return { number, image: name, digest: manifestDigest, version, rootfs: rootfs?.directory ?? null };
}

function concerns(path: string, { before, record }: Successor): boolean {
  return [...before.files, ...before.beside, ...record.files].some((file) => file.path === path);
}

function diffTexts({ before, record, directory }: Successor, paths: Paths): string {
  const live = { record: before, directory: paths.sideOf(before).deployment(before.service, before.number) };
  return diffBundles(live, { record, directory });
}

/** A deployment and where it stands. */
type Standing = Pick<Successor, 'record' | 'directory'>;

/** The difference that a deployment makes to another, or to none, as `diff -u` prints it. */
export function diffBundles(before: Standing | undefined, after: Standing): string {
  const all = [before, after].flatMap((one) => one?.record.bundle.map(({ path }) => path) ?? []);
  return [...new Set(all)]
    .sort()
    .flatMap((path) => {
      const from = before === undefined ? '/dev/null' : `${before.record.number}/${path}`;
      const texts = [before === undefined ? '' : textOf(before, path), textOf(after, path)] as const;
      return unifiedDiff(...texts, from, `${after.record.number}/${path}`) ?? [];
    })
    .join('\n');
}

/** Empty for a file that the deployment does not have. */
function textOf({ record: { bundle }, directory }: Standing, path: string): string {
  return bundle.some((file) => file.path === path) ? readRegularText(join(directory, path)) : '';
}
