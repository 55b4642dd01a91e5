import { BerthError, messageOf } from '../../errors.ts';
import { kernelCapabilities } from '../../runtime/kernel-capabilities.ts';
import { instanceOf } from '../../service-name.ts';
import { makeUuid } from '../../source-date.ts';
import { parseUnitFile } from '../../systemd/unit-file.ts';
import {
  type Dependencies,
  dependencyDirectives,
  NO_DEPENDENCIES,
  parseDependencies,
  type WrittenDependencies,
} from '../dependencies.ts';
import { type ImageExports, readExports } from '../exports/exports.ts';
import { type HostFile, listHostFiles } from '../exports/host-files.ts';
import { type Activation, renderActivation } from '../sockets/render-activation.ts';
import { checkTaken, type DeploymentFacts, resolveValues } from '../template/values.ts';
import { variablesTaken } from '../template/variables.ts';
import { addContainer } from './add-container.ts';
import { type RenderedExports, renderExports } from './render.ts';
import { bundleOf, type DeploymentInput, type RenderedDeployment } from './rendered-deployment.ts';
import { serviceCommands } from './service-commands.ts';
import { renderAdditions, type UnitAddition } from './unit-additions.ts';

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
  checkTaken(input, given, exports === undefined ? [] : variablesTaken(exports, hostFiles));
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
    resourceDropIn: renderAdditions(
      Object.entries(input.resources).map(
        ([key, value]): UnitAddition => ({ section: 'Service', key, value }),
      ),
    ),
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
  { name, mounts }: DeploymentInput,
): RenderedDeployment {
  if (mounts[0] !== undefined) {
    throw new BerthError(
      'usage',
      `cannot mount ${mounts[0].source}: the image of ${name} runs no container`,
      {
        hint: `leave out its mounts`,
      },
    );
  }
  if (deployment.service === undefined) {
    if (activation.socket === undefined)
      return { ...deployment, userDropIn: undefined, resourceDropIn: undefined };
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
    uuid: makeUuid(input.paths, `${input.name} ${input.image.id}`),
    runtime: input.runtime.path,
    capabilities: kernelCapabilities(input.paths),
  };
}
