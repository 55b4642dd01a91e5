import { mkdirSync } from 'node:fs';
import { BerthError, isErrno, messageOf } from '../errors.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import { writeDurably } from '../linux/durable.ts';
import type { Paths } from '../paths.ts';
import { readRegularText } from '../regular-file.ts';
import type { ServiceName } from '../service-name.ts';
import type { DeploymentId } from './record.ts';

/** Why a deployment became the live one. `values`: the image stayed the same. */
export type HistoryReason = 'install' | 'update' | 'values' | 'rollback';

/** A change of the live deployment, to the one that is live since. */
export interface HistoryEvent extends DeploymentId {
  /** RFC 3339, UTC. */
  at: string;
  what: HistoryReason;
}

/** What one deployment has and another may have as well. */
export interface Content {
  /** Of the image's manifest. */
  digest: Digest;
  /** Where the root file system is that it runs on instead of the image's. */
  rootfs?: string;
}

interface Parts {
  image: { manifestDigest: Digest };
  rootfs?: { directory: string } | undefined;
}

/** Content that an update must not try by itself, because it failed or a person went back from it. */
export interface Refusal extends Content {
  at: string;
  why: string;
}

/** `history.json` beside a service's deployments. */
export interface History {
  version: 1;
  /** Oldest first. */
  events: HistoryEvent[];
  refused: Refusal | null;
}

const MAX_EVENTS = 100;

/** Empty for a service that was never changed. Throws `deployment-damaged`. */
export function readHistory(paths: Paths, name: ServiceName): History {
  const file = paths.history(name);
  try {
    return parseHistory(readRegularText(file));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { version: 1, events: [], refused: null };
    throw new BerthError('deployment-damaged', `cannot read the history: ${file}: ${messageOf(error)}`, {
      hint: `rm ${file}`,
      cause: error,
    });
  }
}

/** Replaces the history durably; the oldest events go when there are too many. */
export function writeHistory(paths: Paths, name: ServiceName, { events, refused }: History): void {
  // Of a vendor's service, the host may have nothing yet.
  mkdirSync(paths.service(name), { recursive: true, mode: 0o700 });
  const history: History = { version: 1, events: events.slice(-MAX_EVENTS), refused };
  writeDurably(paths.history(name), `${JSON.stringify(history, null, 2)}\n`, 0o600);
}

/** What a deployment of this image on this root file system has. */
export function contentOf({ image, rootfs }: Parts): Content {
  const { manifestDigest: digest } = image;
  return rootfs === undefined ? { digest } : { digest, rootfs: rootfs.directory };
}

export function isSameContent(one: Content, other: Content): boolean {
  return one.digest === other.digest && one.rootfs === other.rootfs;
}

/** Remembers content that must not be tried again by itself. The caller holds the writer's lock. */
export function refuse(paths: Paths, name: ServiceName, refused: Refusal): void {
  writeHistory(paths, name, { ...readHistory(paths, name), refused });
}

/** The same without all else. */
export function deploymentId({ number, vendor }: DeploymentId): DeploymentId {
  return vendor === undefined ? { number } : { number, vendor };
}

export function isSameDeployment(one: DeploymentId, other: DeploymentId): boolean {
  // The vendor's may have become another one, with another number, together with all of /usr.
  return one.vendor === other.vendor && (one.vendor === true || one.number === other.number);
}

/** Of deployments that are kept, oldest first, the one that was live before `current`; undefined when there is none. */
export function previousDeployment<Kept extends DeploymentId>(
  { events }: History,
  kept: readonly Kept[],
  current: DeploymentId,
): Kept | undefined {
  const others = kept.filter((one) => !isSameDeployment(one, current));
  const last = events
    .map((event) => others.find((one) => isSameDeployment(one, event)))
    .findLast((one) => one !== undefined);
  // What was installed and never switched to since has no event.
  return last ?? others.at(-1);
}

function parseHistory(text: string): History {
  const history = JSON.parse(text) as History;
  if (history.version !== 1) throw new Error(`version ${history.version} is not known to this berth`);
  if (!Array.isArray(history.events)) throw new TypeError('it has no events');
  if (history.refused !== null) parseDigest(history.refused.digest);
  return history;
}
