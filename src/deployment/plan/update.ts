import { BerthError, type ErrorCode, messageOf } from '../../errors.ts';
import type { Platform, ResolvedImage } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { ImageTrees } from '../../layer/image-trees.ts';
import { lookUpImage } from '../../layer/look-up.ts';
import { type PulledImage, type PullProgress, pullImage } from '../../layer/pull.ts';
import type { Paths } from '../../paths.ts';
import { findRuntime } from '../../runtime/runtime.ts';
import type { ServiceName } from '../../service-name.ts';
import { timeToRecord } from '../../source-date.ts';
import { openStaging } from '../../store/staging.ts';
import type { Store } from '../../store/store.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { inParallel } from '../../transport/copy/in-parallel.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import type { ImageSource } from '../../transport/source.ts';
import { type ForeignRootfs, findForeignRootfs, openForeignRootfs } from '../foreign-rootfs.ts';
import { type Content, contentOf, isSameContent, type Refusal, readHistory } from '../history.ts';
import { areSiblings, installedSiblings } from '../instances/siblings.ts';
import { withKept } from '../kept-deployments.ts';
import { notInstalled } from '../not-installed.ts';
import { type DeploymentRecord, listDeployments, mainUnit, readCurrentRecord } from '../record.ts';
import { isSameRequest, requestOf, type ServiceRequest } from '../service-request.ts';
import type { StagedDeployment } from './plan-install.ts';
import { stageDeployment } from './stage.ts';
import { readLiveUnits } from './update-units.ts';

/** A service that is to be brought up to date. */
export interface UpdateTarget {
  name: ServiceName;
  /** What is asked of it now, given what was asked until now. */
  request(before: ServiceRequest): ServiceRequest;
  /** True for a service that host.yaml declares. */
  declared?: boolean;
  /** Another root file system to run on, as the person named it. */
  rootfs: string | undefined;
  /** True when `open` gives another image than that of the record. */
  rebased: boolean;
  /** The image it comes from now; several targets may share a source. */
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
  request: ServiceRequest;
  rootfs: ForeignRootfs | undefined;
  source: ImageSource;
  image: ResolvedImage;
}

type PulledNews = Omit<NewImage, 'image'> & { image: PulledImage };

// What is wrong with an image itself: it will be the same at the next try.
const FAULTS: ErrorCode[] = [
  ...(['exports-invalid', 'template-invalid', 'value-missing', 'value-invalid'] as const),
  ...(['runtime-config-invalid', 'image-config-invalid', 'unit-invalid', 'layer-unsafe'] as const),
];

/** Lookups at a time: many registries allow a host few connections. */
const LOOKUPS = 6;

/**
 * Asks for what the tags of services stand for now, pulls what is new, while the services run on, and
 * stages it beside what is live. The caller holds the writer's lock, or has a store of its own. Throws
 * `service-not-found`, and what pulling and staging throw.
 */
export async function findUpdates(targets: readonly UpdateTarget[], host: UpdateHost): Promise<FoundUpdates> {
  const found: FoundUpdates = { staged: [], current: [], refused: [] };
  const lookups: Lookups = new Map();
  try {
    const trees = new ImageTrees(host.store);
    const fresh: PulledNews[] = [];
    for (const { before, news } of await lookUpAll(targets, host, lookups)) {
      if (news === 'current') found.current.push(before);
      else if ('why' in news) found.refused.push({ record: before, refusal: news });
      // Asked once: what is pulled is what was compared.
      else
        fresh.push({
          ...news,
          image: await pullImage(host.store, news.source, { ...host, trees, image: news.image }),
        });
    }
    if (fresh.length === 0) return found;
    const staging = openStaging(host.store).deployments;
    for (const news of fresh) {
      found.staged.push(await stageUpdate(news, staging, found.staged, fresh, { ...host, trees }));
    }
    return found;
  } finally {
    for (const source of lookups.keys()) await source.close();
  }
}

/** What was asked of each source that was opened: one that serves several services is asked once. */
type Lookups = Map<ImageSource, Promise<ResolvedImage>>;

interface Answer {
  before: DeploymentRecord;
  news: NewImage | Refusal | 'current';
}

/** What there is for each, in their order. What is opened for it is the caller's to close. */
async function lookUpAll(
  targets: readonly UpdateTarget[],
  host: UpdateHost,
  lookups: Lookups,
): Promise<Answer[]> {
  const installed = targets.map((target) => {
    const before = readCurrentRecord(host.paths, target.name);
    if (before === undefined) throw notInstalled(target.name, host.paths);
    return { target, before };
  });
  const answers = new Map<ServiceName, Answer>();
  // A lookup itself heeds the signal, and says what was interrupted.
  await inParallel(installed, LOOKUPS, new AbortController().signal, async ({ target, before }) => {
    answers.set(target.name, { before, news: await lookUp(target, before, host, lookups) });
  });
  return targets.flatMap(({ name }) => answers.get(name) ?? []);
}

async function lookUp(
  target: UpdateTarget,
  before: DeploymentRecord,
  host: UpdateHost,
  lookups: Lookups,
): Promise<Answer['news']> {
  const request = target.request(requestOf(before));
  const named = target.rootfs ?? before.rootfs?.named;
  const command = (target.rebased ? undefined : before.rootfs?.command) ?? [];
  const rootfs = named === undefined ? undefined : await findForeignRootfs({ named, command }, host.paths);
  const imageless = !target.rebased && isRootfsImageName(before.image.name);
  const source =
    imageless && rootfs !== undefined ? openForeignRootfs(rootfs, host.paths) : target.open(before);
  const asked = lookups.get(source) ?? lookUpImage(source, host);
  lookups.set(source, asked);
  const image = await asked;
  const content = contentOf({ image: { manifestDigest: image.descriptor.digest }, rootfs });
  const same = isSameContent(content, contentOf(before));
  if (same && source.name === before.image.name && isSameRequest(request, requestOf(before)))
    return 'current';
  const { refused } = readHistory(host.paths, target.name);
  // What is live did not fail by itself, whatever was asked of it.
  const failed = refused !== null && !same && isSameContent(refused, content);
  return host.skipRefused && failed ? refused : { target, before, request, rootfs, source, image };
}

async function stageUpdate(
  { target, before, request, rootfs, image }: PulledNews,
  staging: string,
  earlier: readonly StagedUpdate[],
  all: readonly PulledNews[],
  host: UpdateHost & { trees: ImageTrees },
): Promise<StagedUpdate> {
  const { paths } = host;
  const { name } = target;
  const changing = all.map((other) => other.target.name);
  const siblings = [
    ...installedSiblings(name, paths).filter(
      ({ record }) => !record.vendor && !changing.includes(record.service),
    ),
    ...earlier.map(({ staged }) => staged).filter(({ record }) => areSiblings(name, record.service)),
  ];
  const { enabled } = await readLiveUnits(before.units, host.systemd);
  try {
    const staged = await stageDeployment({
      ...host,
      ...request,
      name,
      image,
      rootfs,
      staging,
      siblings,
      before: withKept(before, paths),
      number: Math.max(before.number, ...listDeployments(paths, name)) + 1,
      runtime: await findRuntime(paths, before.runtime),
      // What hides the vendor's deployment is the host's own, and may go again.
      declared: (before.vendor ? target.declared : before.declared) ?? false,
      enable: before.units.length === 0 ? before.enabled : enabled.includes(mainUnit(before) ?? ''),
    });
    return { before, staged, image };
  } catch (error) {
    const alone = isSameRequest(request, requestOf(before));
    throw blame(error, name, contentOf({ image, rootfs }), alone, host);
  }
}

/** Remembers content that is to blame, unless what a person has just asked for may be. */
function blame(
  error: unknown,
  name: ServiceName,
  content: Content,
  alone: boolean,
  host: UpdateHost,
): unknown {
  if (!(error instanceof BerthError)) return error;
  if (alone && FAULTS.includes(error.code)) {
    host.onRefused(name, { ...content, at: timeToRecord(host.paths), why: messageOf(error) });
  }
  return new BerthError(error.code, `cannot update ${name}: ${error.message}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint.replace(/^berth install /, 'berth update ') }),
  });
}
