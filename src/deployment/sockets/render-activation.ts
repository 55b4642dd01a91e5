import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageConfig } from '../../image/image.ts';
import type { Paths } from '../../paths.ts';
import { templateDirectory } from '../../runtime/package-template.ts';
import type { ServiceName } from '../../service-name.ts';
import type { UnitFile } from '../../systemd/unit-file.ts';
import type { UnitAddition } from '../render/unit-additions.ts';
import type { Values } from '../template/values.ts';
import { addActivation, addProxied, descriptorNames, shippedDescriptorNames } from './activation.ts';
import { chooseProxyTarget } from './proxy-target.ts';
import { AWAIT_LISTENER, renderProxy, renderSocket } from './render-sockets.ts';
import type { ProxyRequest, SocketRequest } from './socket-request.ts';

/** How a service is started by who connects to it. */
export interface Activation {
  /** The unit of its sockets; undefined: it has none. */
  socket: string | undefined;
  /** The unit of the proxy that has the sockets in its place. */
  proxy: string | undefined;
  /** A name for each descriptor that the service itself gets. */
  descriptors: string[];
  scripts: Record<string, string>;
  /** What its unit lacks for it. */
  additions(unit: UnitFile): UnitAddition[];
}

export interface ActivationInput {
  name: ServiceName;
  paths: Paths;
  image: Pick<ImageConfig, 'exposedPorts'>;
  values: Values;
  /** What the person wants; it goes before what the image ships. */
  request: SocketRequest | null;
  /** The image's own socket unit, rendered. */
  shipped: string | undefined;
}

/** Throws what `chooseProxyTarget`, `renderProxy` and `shippedDescriptorNames` throw. */
export async function renderActivation(input: ActivationInput): Promise<Activation> {
  const { name, request, shipped } = input;
  if (request === null && shipped === undefined) {
    return { socket: undefined, proxy: undefined, descriptors: [], scripts: {}, additions: () => [] };
  }
  if (request?.proxy) return renderProxied(input, request, request.proxy);
  return {
    socket: request === null ? shipped : await renderSocket(name, request),
    proxy: undefined,
    descriptors:
      request === null ? shippedDescriptorNames(name, shipped ?? '') : descriptorNames(name, request),
    scripts: {},
    additions: (unit) => addActivation(unit, name),
  };
}

async function renderProxied(
  { name, paths, image, values }: ActivationInput,
  request: SocketRequest,
  { idle }: ProxyRequest,
): Promise<Activation> {
  const target = chooseProxyTarget(request, image, values);
  return {
    socket: await renderSocket(name, request),
    proxy: await renderProxy({ name, paths, target, idle }),
    descriptors: [],
    scripts: { [AWAIT_LISTENER]: await readFile(join(templateDirectory(), AWAIT_LISTENER), 'utf8') },
    additions: (unit) => addProxied(unit, idle),
  };
}
