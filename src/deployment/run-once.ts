import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BerthError } from '../errors.ts';
import { followPath } from '../follow-path.ts';
import type { ImageTrees } from '../layer/image-trees.ts';
import type { PulledImage } from '../layer/pull.ts';
import type { Paths } from '../paths.ts';
import { type HostMount, requireSources } from '../runtime/host-mounts.ts';
import { isFileOnHost, listMountPoints, makeMountPoints } from '../runtime/mount-points.ts';
import type { Mount, OciConfig } from '../runtime/oci-config.ts';
import { lookInRootfs } from '../runtime/program-lack.ts';
import { requireProgram } from '../runtime/require-program.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ServiceName } from '../service-name.ts';
import type { Store } from '../store/store.ts';
import { checkout } from './plan/checkout.ts';
import { renderDeployment } from './render/render-deployment.ts';
import { NO_REQUEST } from './service-request.ts';
import type { Values } from './template/values.ts';

/** An image that is to run once, and leave nothing. */
export interface OnceRequest {
  name: ServiceName;
  image: PulledImage;
  /** What runs in the place of the image's Cmd; empty: that itself. */
  command: readonly string[];
  settings: Values;
  mounts: readonly HostMount[];
  terminal: boolean;
}

export interface OnceHost {
  paths: Paths;
  store: Store;
  trees: ImageTrees;
  runtime: Runtime;
}

/**
 * Makes the bundle of a container that runs once, in an empty directory. The host gets none of the files that
 * an install of the image would put there; what the image keeps is in memory. Throws as `renderDeployment`,
 * `usage` for an image that runs no container, and `runtime-config-invalid` where it shows what the host lacks.
 */
export async function prepareOnce(directory: string, request: OnceRequest, host: OnceHost): Promise<void> {
  const { name, image, command, settings, mounts, terminal } = request;
  const { paths, store, trees, runtime } = host;
  const rootfs = join(directory, 'rootfs');
  await checkout(store, trees.of(image.diffIds), rootfs);
  const config = { ...image.config, ...(command.length === 0 ? {} : { cmd: [...command] }) };
  const asked = { ...NO_REQUEST, settings, mounts };
  const description = { name: image.name, id: image.configDigest, config };
  const rendered = await renderDeployment({
    ...asked,
    paths,
    name,
    checkout: rootfs,
    image: description,
    runtime,
  });
  if (rendered.config === undefined) {
    throw new BerthError('usage', `cannot run: ${image.name}: it brings no container`, {
      hint: `berth install ${image.name}`,
    });
  }
  const own = withCommand(rendered.config, command);
  const result = {
    ...own,
    process: { ...own.process, terminal },
    mounts: (own.mounts ?? []).map((mount) => inMemory(mount, own, request, rootfs)),
  };
  requireSources(result.mounts, paths);
  requireProgram(
    result.process.args[0] ?? '',
    { ...result.process, look: lookInRootfs(rootfs, result.mounts) },
    image.name,
  );
  await makeMountPoints(rootfs, await listMountPoints(result, (source) => isFileOnHost(source, paths)));
  writeFileSync(join(directory, 'config.json'), JSON.stringify(result), { mode: 0o600 });
}

/** An image with a config.json of its own says there what runs, in which no Cmd has a part. */
function withCommand(config: OciConfig, command: readonly string[]): OciConfig {
  const { args } = config.process;
  const taken = command.length === 0 || isDeepStrictEqual(args.slice(-command.length), command);
  return taken ? config : { ...config, process: { ...config.process, args: [...command] } };
}

/** A directory of the service's own on the host, as one that begins as it is in the image and ends with the container. */
function inMemory(mount: Mount, { process }: OciConfig, { name }: OnceRequest, rootfs: string): Mount {
  const { destination, source = '' } = mount;
  if (!['/var/lib', '/run'].some((place) => `${source}/`.startsWith(`${place}/${name}/`))) return mount;
  const { path, type } = followPath(rootfs, destination);
  const { uid, gid } = process.user ?? { uid: 0, gid: 0 };
  const owned = type === 'directory' ? lstatSync(path) : { uid, gid, mode: 0o755 };
  const options = [`mode=${(owned.mode & 0o7777).toString(8)}`, `uid=${owned.uid}`, `gid=${owned.gid}`];
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'tmpcopyup', ...options],
  };
}
