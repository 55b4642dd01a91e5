import { BerthError } from '../../errors.ts';
import type { Platform } from '../../image/image.ts';
import type { Limits } from '../../image/limits.ts';
import { ImageTrees } from '../../layer/image-trees.ts';
import { type PulledImage, type PullProgress, pullImage } from '../../layer/pull.ts';
import type { Paths } from '../../paths.ts';
import { findRuntime } from '../../runtime/runtime.ts';
import type { ServiceName } from '../../service-name.ts';
import { openStaging } from '../../store/staging.ts';
import type { Store } from '../../store/store.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import type { ImageSource } from '../../transport/source.ts';
import type { ForeignRootfs } from '../foreign-rootfs.ts';
import { areSiblings, installedSiblings } from '../instances/siblings.ts';
import { type DeploymentRecord, readCurrentRecord } from '../record.ts';
import type { ServiceRequest } from '../service-request.ts';
import { checkDependencies, inStartOrder, nameDependents, stagedGraph } from './check-dependencies.ts';
import { checkShadowed } from './check-shadowed.ts';
import type { Plan } from './plan.ts';
import { planAtRest } from './plan-at-rest.ts';
import { planInstall, type StagedDeployment } from './plan-install.ts';
import { stageDeployment } from './stage.ts';

/** One image that becomes one service. */
export interface InstallTarget extends ServiceRequest {
  name: ServiceName;
  /** The image as the person wrote it: what several targets have in common is pulled once. */
  image: string;
  enable: boolean;
  /** True for a service that host.yaml declares. */
  declared: boolean;
  /** Opened only when the service is not there yet. */
  open(): ImageSource;
}

export interface InstallRequest {
  targets: InstallTarget[];
  /** What each of the services runs on instead of its image's files. */
  rootfs: ForeignRootfs | undefined;
  /** A path or a name; found on the host when undefined. */
  runtime: string | undefined;
  now: boolean;
  /** Install what needs a unit that is not there, and what is made to run once. */
  force: boolean;
}

export interface InstallHost {
  paths: Paths;
  store: Store;
  systemd: Systemd;
  platform: Platform;
  limits: Limits;
  /** Seconds that a readiness command may delay a start. */
  readinessLimit: number | undefined;
  signal: AbortSignal;
  onProgress(progress: PullProgress): void;
  warn(text: string): void;
}

/** What an install will do, and what it leaves alone because it is there. */
export interface PreparedInstall {
  plan: Plan;
  staged: StagedDeployment[];
  present: DeploymentRecord[];
}

/**
 * Pulls the images of an install and stages their deployments; nothing on the host is changed but the
 * store. The caller holds the writer's lock, or has a store of its own. Throws, beside what pulling and
 * staging throw, `dependency-cycle`, `dependency-missing`, and `usage` for an image that is made to run once.
 */
export async function prepareInstall(request: InstallRequest, host: InstallHost): Promise<PreparedInstall> {
  refuseTwice(request.targets);
  const present: DeploymentRecord[] = [];
  const absent: InstallTarget[] = [];
  for (const target of request.targets) {
    const record = readCurrentRecord(host.paths, target.name);
    if (record === undefined) absent.push(target);
    else present.push(record);
  }
  // The runtime first: without it, there is no use in pulling.
  const runtime = absent.length === 0 ? undefined : await findRuntime(host.paths, request.runtime);
  const trees = new ImageTrees(host.store);
  const images = new Map<string, PulledImage>();
  for (const target of absent) {
    const image = images.get(target.image) ?? (await pull(target, trees, host));
    images.set(target.image, image);
    refuseOnce(target, image, request, host);
  }

  const staged: StagedDeployment[] = [];
  if (runtime !== undefined) {
    const staging = openStaging(host.store).deployments;
    for (const target of absent) {
      const image = images.get(target.image);
      if (image === undefined) continue;
      const siblings = [
        ...installedSiblings(target.name, host.paths),
        ...staged.filter(({ record }) => areSiblings(target.name, record.service)),
      ];
      const first = { number: 0, before: null, rootfs: request.rootfs };
      const input = { ...host, ...target, ...first, staging, image, trees, runtime, siblings };
      staged.push(await stageDeployment(input));
    }
  }
  return { ...(await planInOrder(staged, request, host)), present };
}

async function planInOrder(
  staged: StagedDeployment[],
  { now, force }: InstallRequest,
  host: InstallHost,
): Promise<Omit<PreparedInstall, 'present'>> {
  await checkShadowed(staged, host);
  const graph = await stagedGraph(staged, host);
  checkDependencies(staged, graph, { force, warn: host.warn });
  const ordered = inStartOrder(staged, graph);
  const plan = planAtRest(planInstall(ordered, host.paths, { now }), host.systemd);
  return { plan: { ...plan, steps: nameDependents(plan.steps, graph) }, staged: ordered };
}

function refuseTwice(targets: InstallTarget[]): void {
  const names = targets.map(({ name }) => name);
  const twice = targets.find(({ name }, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new BerthError('usage', `two of these images would be the service ${twice.name}`, {
    hint: `install one by a command of its own: berth install --name ${twice.name}-2 ${twice.image}`,
  });
}

/** An image made to run once and be gone: as a service it would be done, or be started again and again. */
function refuseOnce(
  { image, declared }: InstallTarget,
  { labels }: PulledImage,
  { force }: InstallRequest,
  { warn }: InstallHost,
): void {
  if (labels['atomic.run'] !== 'once') return;
  const what = `${image}: its label atomic.run=once says that it is to run once`;
  // Who writes a service into host.yaml wants one.
  if (force || declared) warn(what);
  else {
    throw new BerthError('usage', `cannot install ${what}: --force makes it a service all the same`, {
      hint: `berth run ${image}`,
    });
  }
}

async function pull({ open }: InstallTarget, trees: ImageTrees, host: InstallHost): Promise<PulledImage> {
  const source = open();
  try {
    return await pullImage(host.store, source, { ...host, trees });
  } finally {
    await source.close();
  }
}
