import { isDeepStrictEqual } from 'node:util';
import { BerthError, type ErrorCode, messageOf } from '../../errors.ts';
import type { Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { lookUpImage } from '../../layer/look-up.ts';
import { type PulledImage, type PullProgress, pullImage } from '../../layer/pull.ts';
import type { Paths } from '../../paths.ts';
import { findRuntime } from '../../runtime/runtime.ts';
import type { ServiceName } from '../../service-name.ts';
import { openStaging } from '../../store/staging.ts';
import type { Store } from '../../store/store.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import type { ImageSource } from '../../transport/source.ts';
import { type ForeignRootfs, findForeignRootfs, openForeignRootfs } from '../foreign-rootfs.ts';
import { type Content, contentOf, isSameContent, type Refusal, readHistory } from '../history.ts';
import { areSiblings, installedSiblings } from '../instances/siblings.ts';
import { withKept } from '../kept-deployments.ts';
import { notInstalled } from '../not-installed.ts';
import { type DeploymentRecord, listDeployments, mainUnit, readCurrentRecord } from '../record.ts';
import type { Values } from '../template/values.ts';
import type { StagedDeployment } from './plan-install.ts';
import { stageDeployment } from './stage.ts';
import { readLiveUnits } from './update-units.ts';

/** A service that is to be brought up to date. */
export interface UpdateTarget {
  name: ServiceName;
  /** What the person sets anew. */
  settings: Values;
  /** Another root file system to run on, as the person named it. */
  rootfs: string | undefined;
  /** True when `open` gives another image than that of the record. */
  rebased: boolean;
  /** The image it comes from now. */
  open(record: DeploymentRecord): ImageSource;
}

export interface UpdateHost {
  paths: Paths;
  store: Store;
  systemd: Systemd;
  platform: Platform;
  limits: Limits;
  /** Seconds that a readiness command may delay a start. */
  readinessLimit: number | undefined;
  signal: AbortSignal;
  /** Leave alone what failed before, until there is another. */
  skipRefused: boolean;
  /** Remembers an image from which no deployment can be made. */
  onRefused(name: ServiceName, refusal: Refusal): void;
  onProgress(progress: PullProgress): void;
  warn(text: string): void;
}

/** A service that has something new, staged. */
export interface StagedUpdate {
  before: DeploymentRecord;
  staged: StagedDeployment;
  image: PulledImage;
}

/** What there is for each of some services. */
export interface FoundUpdates {
  staged: StagedUpdate[];
  /** Nothing new. */
  current: DeploymentRecord[];
  /** Something new that failed before. */
  refused: { record: DeploymentRecord; refusal: Refusal }[];
}

interface NewImage {
  target: UpdateTarget;
  before: DeploymentRecord;
  settings: Values;
  rootfs: ForeignRootfs | undefined;
  image: PulledImage;
}

// What is wrong with an image itself: it will be the same at the next try.
const FAULTS: ErrorCode[] = [
  ...(['exports-invalid', 'template-invalid', 'value-missing', 'value-invalid'] as const),
  ...(['runtime-config-invalid', 'image-config-invalid', 'unit-invalid', 'layer-unsafe'] as const),
];

/**
 * Asks for what the tags of services stand for now, pulls what is new, while the services run on, and
 * stages it beside what is live. The caller holds the writer's lock, or has a store of its own. Throws
 * `service-not-found`, and what pulling and staging throw.
 */
export async function findUpdates(targets: readonly UpdateTarget[], host: UpdateHost): Promise<FoundUpdates> {
  const found: FoundUpdates = { staged: [], current: [], refused: [] };
  const fresh: NewImage[] = [];
  for (const target of targets) {
    const before = readCurrentRecord(host.paths, target.name);
    if (before === undefined) throw notInstalled(target.name, host.paths);
    const news = await lookUp(target, before, host);
    if (news === 'current') found.current.push(before);
    else if ('why' in news) found.refused.push({ record: before, refusal: news });
    else fresh.push(news);
  }
  if (fresh.length === 0) return found;
  const staging = openStaging(host.store).directory;
  for (const news of fresh) found.staged.push(await stageUpdate(news, staging, found.staged, fresh, host));
  return found;
}

async function lookUp(
  target: UpdateTarget,
  before: DeploymentRecord,
  host: UpdateHost,
): Promise<NewImage | Refusal | 'current'> {
  const settings = new Map([...Object.entries(before.userValues), ...target.settings]);
  const named = target.rootfs ?? before.rootfs?.named;
  const command = (target.rebased ? undefined : before.rootfs?.command) ?? [];
  const rootfs = named === undefined ? undefined : await findForeignRootfs({ named, command }, host.paths);
  const imageless = !target.rebased && isRootfsImageName(before.image.name);
  const source =
    imageless && rootfs !== undefined ? openForeignRootfs(rootfs, host.paths) : target.open(before);
  try {
    const image = await lookUpImage(source, host);
    const content = contentOf({ image: { manifestDigest: image.descriptor.digest }, rootfs });
    const same = isSameContent(content, contentOf(before)) && source.name === before.image.name;
    if (same && isDeepStrictEqual(Object.fromEntries(settings), before.userValues)) return 'current';
    const { refused } = readHistory(host.paths, target.name);
    if (host.skipRefused && refused !== null && isSameContent(refused, content)) return refused;
    // Asked once: what is pulled is what was compared.
    const pulled = await pullImage(host.store, source, { ...host, image });
    return { target, before, settings, rootfs, image: pulled };
  } finally {
    await source.close();
  }
}

async function stageUpdate(
  { target, before, settings, rootfs, image }: NewImage,
  staging: string,
  earlier: readonly StagedUpdate[],
  all: readonly NewImage[],
  host: UpdateHost,
): Promise<StagedUpdate> {
  const { paths } = host;
  const { name } = target;
  const changing = all.map((other) => other.target.name);
  const siblings = [
    ...installedSiblings(name, paths).filter(({ record }) => !changing.includes(record.service)),
    ...earlier.map(({ staged }) => staged).filter(({ record }) => areSiblings(name, record.service)),
  ];
  const { enabled } = await readLiveUnits(before.units, host.systemd);
  try {
    const staged = await stageDeployment({
      ...host,
      name,
      image,
      rootfs,
      settings,
      staging,
      siblings,
      before: withKept(before, paths),
      number: Math.max(...listDeployments(paths, name)) + 1,
      runtime: await findRuntime(paths, before.runtime),
      dependencies: before.dependencies.user,
      sockets: before.sockets,
      enable: before.units.length === 0 ? before.enabled : enabled.includes(mainUnit(before) ?? ''),
    });
    return { before, staged, image };
  } catch (error) {
    throw blame(error, name, contentOf({ image, rootfs }), target.settings.size === 0, host);
  }
}

/** Remembers content that is to blame, unless values that a person has just set may be. */
function blame(
  error: unknown,
  name: ServiceName,
  content: Content,
  alone: boolean,
  host: UpdateHost,
): unknown {
  if (!(error instanceof BerthError)) return error;
  if (alone && FAULTS.includes(error.code)) {
    host.onRefused(name, { ...content, at: new Date().toISOString(), why: messageOf(error) });
  }
  return new BerthError(error.code, `cannot update ${name}: ${error.message}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint.replace(/^berth install /, 'berth update ') }),
  });
}
