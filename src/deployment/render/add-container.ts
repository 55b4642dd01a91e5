import { join } from 'node:path';
import { BerthError } from '../../errors.ts';
import { checkConfig } from '../../runtime/check-config.ts';
import { defaultConfig } from '../../runtime/default-config.ts';
import { addHostMounts } from '../../runtime/host-mounts.ts';
import { prepareConfig } from '../../runtime/prepare-config.ts';
import { renderDefaultService, renderDefaultTmpfiles } from '../../systemd/default-templates.ts';
import { parseUnitFile, type UnitFile } from '../../systemd/unit-file.ts';
import { quoteUnitWord } from '../../systemd/unit-quote.ts';
import { isRootfsImageName } from '../../transport/rootfs/rootfs-image-name.ts';
import { dependencyDirectives } from '../dependencies.ts';
import type { ExportsManifest } from '../exports/exports-manifest.ts';
import { nameDescriptors } from '../sockets/activation.ts';
import type { Activation } from '../sockets/render-activation.ts';
import type { Values } from '../template/values.ts';
import { mayNotify, READINESS_LIMIT, readReadiness, wantsToNotify } from './readiness.ts';
import { addReadiness, renderScripts, scriptCommand } from './readiness-scripts.ts';
import { bundleOf, type DeploymentInput, type RenderedDeployment } from './rendered-deployment.ts';
import { addSupervision, renderAdditions, type UnitAddition } from './unit-additions.ts';

/** What an image brought for its container. */
export interface Brought {
  configJson: unknown;
  manifest: ExportsManifest | undefined;
  activation: Activation;
}

/** Adds what a deployment that runs a container needs, where the image did not bring it. Throws `rootfs-invalid`, and what `checkConfig` throws. */
export async function addContainer(
  deployment: RenderedDeployment,
  { configJson, manifest, activation }: Brought,
  input: DeploymentInput,
): Promise<RenderedDeployment> {
  const { name, image, paths, runtime, readinessLimit = READINESS_LIMIT } = input;
  const rootfs = input.rootfs === undefined ? input.checkout : paths.follow(input.rootfs);
  const installed = input.rootfs ?? join(bundleOf(input), 'rootfs');
  const defaults = { name, runtime, image: image.config, imageName: image.name, rootfs, installed, paths };
  // Without a config.json of its own, the image's volumes are bound from directories that berth makes.
  const tmpfiles =
    deployment.tmpfiles ?? (configJson === undefined ? await renderDefaultTmpfiles(defaults) : undefined);
  if (configJson === undefined) requireCommand(input);
  const { config: own, warnings } = checkConfig(configJson ?? (await defaultConfig(defaults)));
  const config = addHostMounts(own, input.mounts, paths);
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
      slice: input.resources['Slice'] ?? unit.get('Service', 'Slice'),
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
function mountsOf({ rootfs, mounts }: DeploymentInput): UnitAddition[] {
  const sources = [...(rootfs === undefined ? [] : [rootfs]), ...mounts.map(({ source }) => source)];
  if (sources.length === 0) return [];
  return [{ section: 'Unit', key: 'RequiresMountsFor', value: sources.map(quoteUnitWord).join(' ') }];
}

/** The unit's own; systemd's specifiers mean nothing to a script. */
function pidFileOf(unit: UnitFile, values: Values): string {
  const written = unit.get('Service', 'PIDFile') ?? '';
  return /^\/[^%]*$/.test(written) ? written : (values.get('PIDFILE') ?? '');
}
