import type { ImageConfig } from '../image/image.ts';
import type { Paths } from '../paths.ts';
import { type Container, deleteContainer, startDetached, withoutLeftover } from '../runtime/command-line.ts';
import { findImageUser } from '../runtime/image-user.ts';
import { renderPackageTemplate } from '../runtime/package-template.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parseStopSignal, type StopSignal } from '../runtime/stop-signal.ts';
import { imageVolumes, stateDirectory } from '../runtime/volumes.ts';
import type { ServiceName } from '../service-name.ts';
import { quoteExecLine, quoteUnitWord, unitText } from './unit-quote.ts';
import { volumeLines } from './volume-lines.ts';

export interface DefaultsInput {
  name: ServiceName;
  runtime: Runtime;
  image: ImageConfig;
  /** The image as a person writes it, for the unit's description. */
  imageName: string;
  /** What the service runs on, where it is now: for its users and what its volumes hold. */
  rootfs: string;
  /** The same, as the installed system names it. */
  installed: string;
  paths: Paths;
  /** What starts the container of a service that says itself when it is ready. */
  notify?: readonly string[] | undefined;
}

/**
 * The unit that runs an image's container, with no process beside it. Paths in it are those of the installed system,
 * through the service's `current` link. Throws `image-config-invalid`.
 */
export async function renderDefaultService(
  input: Omit<DefaultsInput, 'rootfs' | 'installed'>,
): Promise<string> {
  const { name, runtime, image, imageName, paths, notify } = input;
  const bundle = paths.installed.current(name);
  const runtimeDirectory = `berth/${name}`;
  const container: Container = { runtime, name, bundle, pidFile: `/run/${runtimeDirectory}/pid` };
  const signal = parseStopSignal(image.stopSignal);
  const values = {
    name,
    description: describe(image, name, imageName),
    documentation: documentation(image),
    bundle: quoteUnitWord(bundle),
    stateDirectory: image.volumes.length > 0 ? quoteUnitWord(stateDirectory(name)) : '',
    pidFile: container.pidFile,
    runtimeDirectory,
    delete: quoteExecLine(deleteContainer(container)),
    type: notify === undefined ? 'forking' : 'notify',
    start: quoteExecLine(withoutLeftover(container, notify ?? startDetached(container))),
    stopSignal: signal.name,
    stopStatuses: stopStatuses(signal),
  };
  return renderPackageTemplate('service.ejs', values, (value) => unitText(String(value)));
}

/**
 * The tmpfiles.d(5) lines that make the directories of an image's volumes; empty for an image without
 * volumes. Looks at the checkout as the image has it: mount points are to be made later, for they would
 * pass for directories of the image. Throws `image-config-invalid`.
 */
export async function renderDefaultTmpfiles(
  input: Omit<DefaultsInput, 'runtime' | 'imageName'>,
): Promise<string> {
  const { name, image, rootfs, installed } = input;
  const user = await findImageUser(rootfs, image.user);
  const volumes = await volumeLines(imageVolumes(name, image.volumes), { rootfs, installed, user });
  const values = { volumes, stateDirectory: quoteUnitWord(stateDirectory(name)) };
  return renderPackageTemplate('tmpfiles.ejs', values, (value) => unitText(String(value)));
}

function describe({ labels }: ImageConfig, name: ServiceName, imageName: string): string {
  const title = labels['org.opencontainers.image.title'] ?? labels['name'];
  return title === undefined || title.trim() === '' ? `${name} (${imageName})` : title;
}

/** systemd takes only these kinds of URI, and warns of others at every reload. */
function documentation({ labels }: ImageConfig): string[] {
  return ['documentation', 'url', 'source']
    .map((key) => labels[`org.opencontainers.image.${key}`] ?? '')
    .filter((uri) => /^https?:\/\/[\x21-\x7e]{1,180}$/.test(uri) && !uri.endsWith('\\'));
}

/**
 * How a process ends that was asked to stop: by the signal, or with 128 and its number, as shells
 * and Java do. Without this a stopped service would be shown as failed.
 */
function stopStatuses({ name, number }: StopSignal): string {
  return `${128 + number} ${name}`;
}
