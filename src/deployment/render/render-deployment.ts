import { join } from 'node:path';
import { BerthError, messageOf } from '../../errors.ts';
import type { ImageConfig } from '../../image/image.ts';
import type { Paths } from '../../paths.ts';
import { checkConfig } from '../../runtime/check-config.ts';
import { defaultConfig } from '../../runtime/default-config.ts';
import { kernelCapabilities } from '../../runtime/kernel-capabilities.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import { prepareConfig } from '../../runtime/prepare-config.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { instanceOf, type ServiceName } from '../../service-name.ts';
import { renderDefaultService, renderDefaultTmpfiles } from '../../systemd/default-templates.ts';
import { parseUnitFile, type UnitFile } from '../../systemd/unit-file.ts';
import { quoteUnitWord } from '../../systemd/unit-quote.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import {
  type Dependencies,
  dependencyDirectives,
  NO_DEPENDENCIES,
  parseDependencies,
  type WrittenDependencies,
} from '../dependencies.ts';
import { type ImageExports, readExports } from '../exports/exports.ts';
import type { ExportsManifest } from '../exports/exports-manifest.ts';
import { type HostFile, listHostFiles } from '../exports/host-files.ts';
import { nameDescriptors } from '../sockets/activation.ts';
import { type Activation, renderActivation } from '../sockets/render-activation.ts';
import type { SocketRequest } from '../sockets/socket-request.ts';
import { checkTaken, type DeploymentFacts, resolveValues, type Values } from '../template/values.ts';
import { variablesTaken } from '../template/variables.ts';
import { mayNotify, READINESS_LIMIT, readReadiness, wantsToNotify } from './readiness.ts';
import { addReadiness, renderScripts, scriptCommand } from './readiness-scripts.ts';
import { type RenderedExports, renderExports } from './render.ts';
import { serviceCommands } from './service-commands.ts';
import { addSupervision, renderAdditions, type UnitAddition } from './unit-additions.ts';

/** The values of the deployment before: all of them, and those that a person set. */
export interface KeptValues {
  values: Values;
  settings: Values;
}

export interface DeploymentInput {
  paths: Paths;
  name: ServiceName;
  /** The image's checkout, where it is now. */
  checkout: string;
  /** The root file system that it runs on instead, as the installed system names it. */
  rootfs?: string | undefined;
  image: { name: string; id: string; config: ImageConfig };
  runtime: Runtime;
  /** What the person set. */
  settings: Values;
  /** What stands from the deployment before; undefined for the first. */
  kept?: KeptValues | undefined;
  /** What the person said of other units. */
  dependencies: Dependencies;
  /** Seconds that a readiness command may delay a start; `READINESS_LIMIT` when undefined. */
  readinessLimit?: number | undefined;
  /** What the person wants systemd to listen on. */
  sockets: SocketRequest | null;
}

/** What a deployment consists of beside its checkout. Undefined: it has none. */
export interface RenderedDeployment {
  values: Map<string, string>;
  service: string | undefined;
  /** 10-berth.conf: all that berth adds to the unit, so that an image's unit stays as shipped. */
  dropIn: string | undefined;
  /** 50-berth.conf: what the person said of other units. */
  userDropIn: string | undefined;
  /** What the image's manifest says of other units; it is in `dropIn`. */
  imageDependencies: Dependencies;
  socket: string | undefined;
  /** NAME-proxy.service, which has the sockets in the service's place. */
  proxy: string | undefined;
  tmpfiles: string | undefined;
  sysusers: string | undefined;
  config: OciConfig | undefined;
  /** Shell scripts that the units run, by their names in the deployment. */
  scripts: Readonly<Record<string, string>>;
  hostFiles: readonly HostFile[];
  /** The content of host files that are templates, by target. */
  hostFileTexts: ReadonlyMap<string, string>;
  warnings: string[];
}

const NOTHING = {
  service: undefined,
  socket: undefined,
  tmpfiles: undefined,
  sysusers: undefined,
  configJson: undefined,
};

/**
 * Renders a deployment: from the templates in the image's /exports, and from berth's own for whatever
 * they leave out. Throws what `readExports`, `resolveValues`, `renderExports` and `checkConfig` throw.
 */
export async function renderDeployment(input: DeploymentInput): Promise<RenderedDeployment> {
  const exports = readExports(input.checkout);
  const defaults = exports?.manifest.defaultValues ?? new Map();
  const values = resolveValues(factsOf(input), defaults, input.settings, input.kept?.values);
  const hostFiles = exports === undefined ? [] : listHostFiles(exports, values);
  // A new version may do without a variable; its value is kept for one that takes it again.
  const given = [...input.settings.keys()].filter((variable) => !input.kept?.settings.has(variable));
  checkTaken(given, exports === undefined ? [] : variablesTaken(exports, hostFiles));
  const rendered = await render(exports, hostFiles, values, input);
  const activation = await renderActivation({
    ...input,
    image: input.image.config,
    values,
    request: input.sockets,
    shipped: rendered.socket,
  });
  if (activation.socket !== undefined && instanceOf(input.name) !== undefined) {
    throw new BerthError('usage', `cannot listen for ${input.name}: sockets are not for instances`, {
      hint: 'make each a service of its own, with --name',
    });
  }
  const deployment: RenderedDeployment = {
    ...rendered,
    socket: activation.socket,
    proxy: activation.proxy,
    dropIn: undefined,
    userDropIn: renderAdditions(dependencyDirectives(input.dependencies, `${input.name}.service`)),
    imageDependencies: readDependencies(exports?.manifest),
    config: undefined,
    scripts: activation.scripts,
    hostFiles,
    hostFileTexts: rendered.hostFiles,
    warnings: exports?.warnings ?? [],
  };
  const brought = { configJson: rendered.configJson, manifest: exports?.manifest, activation };
  return exports?.manifest.noContainerService
    ? addToUnit(deployment, activation, input)
    : addContainer(deployment, brought, input);
}

/** What berth adds to a unit that runs no container; without a unit, there is nothing to add to. */
function addToUnit(
  deployment: RenderedDeployment,
  activation: Activation,
  { name }: DeploymentInput,
): RenderedDeployment {
  if (deployment.service === undefined) {
    if (activation.socket === undefined) return { ...deployment, userDropIn: undefined };
    throw new BerthError('usage', `cannot listen for ${name}: its image brings no service`, {
      hint: 'leave out --socket',
    });
  }
  const unit = parseUnitFile(deployment.service, `${name}.service`);
  const additions = [
    ...dependencyDirectives(deployment.imageDependencies, `${name}.service`),
    ...activation.additions(unit),
  ];
  return { ...deployment, dropIn: renderAdditions(additions) };
}

async function render(
  exports: ImageExports | undefined,
  hostFiles: readonly HostFile[],
  values: Map<string, string>,
  input: DeploymentInput,
): Promise<Omit<RenderedExports, 'kind'>> {
  if (exports === undefined) return { ...NOTHING, values, hostFiles: new Map() };
  const pidFile = values.get('PIDFILE') ?? '';
  const container = { ...input, bundle: bundleOf(input), pidFile };
  return renderExports({ exports, hostFiles, values, commands: (kind) => serviceCommands(container, kind) });
}

interface Brought {
  configJson: unknown;
  manifest: ExportsManifest | undefined;
  activation: Activation;
}

/** Adds what a deployment that runs a container needs, where the image did not bring it. */
async function addContainer(
  deployment: RenderedDeployment,
  { configJson, manifest, activation }: Brought,
  input: DeploymentInput,
): Promise<RenderedDeployment> {
  const { name, image, paths, runtime, readinessLimit = READINESS_LIMIT } = input;
  const rootfs = input.rootfs === undefined ? input.checkout : paths.locate(input.rootfs);
  const installed = input.rootfs ?? join(bundleOf(input), 'rootfs');
  const defaults = { name, runtime, image: image.config, imageName: image.name, rootfs, installed, paths };
  // Without a config.json of its own, the image's volumes are bound from directories that berth makes.
  const tmpfiles =
    deployment.tmpfiles ?? (configJson === undefined ? await renderDefaultTmpfiles(defaults) : undefined);
  if (configJson === undefined) requireCommand(input);
  const { config, warnings } = checkConfig(configJson ?? (await defaultConfig(defaults)));
  const bundle = bundleOf(input);
  const notifies =
    deployment.service === undefined && wantsToNotify(image.config, manifest) && mayNotify(config, warnings);
  const notify = notifies ? scriptCommand(bundle, 'start') : undefined;
  const service = deployment.service ?? (await renderDefaultService({ ...defaults, notify }));
  const unit = parseUnitFile(service, `${name}.service`);
  const readiness = readReadiness(unit, image.config, manifest, readinessLimit);
  const container = { name, runtime, bundle, pidFile: pidFileOf(unit, deployment.values) };
  return {
    ...deployment,
    service,
    dropIn: renderAdditions([
      ...dependencyDirectives(deployment.imageDependencies, `${name}.service`),
      ...addSupervision(unit, name),
      ...addReadiness(unit, readiness, container),
      ...activation.additions(unit),
      ...mountsOf(input),
    ]),
    tmpfiles: tmpfiles === '' ? undefined : tmpfiles,
    config: prepareConfig(nameDescriptors(config, activation.descriptors), {
      unit: `${name}.service`,
      rootfs: input.rootfs,
      slice: unit.get('Service', 'Slice'),
      notify: readiness.by === 'notify' ? readiness : undefined,
    }),
    scripts: { ...deployment.scripts, ...(await renderScripts(`${name}.service`, readiness, container)) },
    warnings: [...deployment.warnings, ...warnings],
  };
}

/** An image without a command is the image's fault, a root file system without one is a mistake of the person's. */
function requireCommand({ image: { name, config } }: DeploymentInput): void {
  if (!isRootfsImageName(name) || config.entrypoint.length > 0) return;
  throw new BerthError('rootfs-invalid', `nothing says what runs: ${name}: it has no /exports/config.json`, {
    hint: 'name a command behind the other arguments, such as: -- /usr/sbin/httpd -D FOREGROUND',
  });
}

/** What is not on the file system of berth's own may be mounted late. */
function mountsOf({ rootfs }: DeploymentInput): UnitAddition[] {
  if (rootfs === undefined) return [];
  return [{ section: 'Unit', key: 'RequiresMountsFor', value: quoteUnitWord(rootfs) }];
}

/** The unit's own; systemd's specifiers mean nothing to a script. */
function pidFileOf(unit: UnitFile, values: Values): string {
  const written = unit.get('Service', 'PIDFile') ?? '';
  return /^\/[^%]*$/.test(written) ? written : (values.get('PIDFILE') ?? '');
}

function readDependencies(manifest: WrittenDependencies = NO_DEPENDENCIES): Dependencies {
  try {
    return parseDependencies(manifest);
  } catch (error) {
    throw new BerthError('exports-invalid', `broken manifest: requires, after, before: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function factsOf(input: DeploymentInput): DeploymentFacts {
  return {
    name: input.name,
    directory: bundleOf(input),
    imageName: input.image.name,
    imageId: input.image.id,
    runtime: input.runtime.path,
    capabilities: kernelCapabilities(),
  };
}

/** Units name the deployment through `current`, so that they stay the same from one to the next. */
function bundleOf({ paths, name }: DeploymentInput): string {
  return paths.inside(paths.current(name));
}
