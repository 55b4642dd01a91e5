import { basename, dirname } from 'node:path';
import { type Dependencies, parseDependencies } from '../deployment/dependencies.ts';
import { type ForeignRootfs, openForeignRootfs } from '../deployment/foreign-rootfs.ts';
import type { InstallTarget } from '../deployment/plan/install.ts';
import { NO_REQUEST } from '../deployment/service-request.ts';
import { parseSocketRequest, type SocketOptions } from '../deployment/sockets/socket-request.ts';
import { parseSetting } from '../deployment/template/values.ts';
import { readValuesFile } from '../deployment/template/values-file.ts';
import { BerthError, messageOf } from '../errors.ts';
import { defaultServiceName } from '../reference/default-service-name.ts';
import { parseImageReference } from '../reference/image-reference.ts';
import { instanceOf, parseServiceName, type ServiceName } from '../service-name.ts';
import type { Bundle } from '../transport/bundle/open-bundle.ts';
import { rootfsImageName } from '../transport/rootfs/rootfs-image-name.ts';
import type { Context } from './context.ts';
import { openImage, spelledAsNow } from './open-image.ts';

/** The options of `install` that say which services are made of its images. */
export interface TargetOptions extends SocketOptions {
  rootfs?: string;
  name?: string;
  instance: string[];
  set: string[];
  values?: string;
  authfile?: string;
  requires: string[];
  after: string[];
  before: string[];
  enable: boolean;
}

// What is for one service, and would be the same for all of them.
const FOR_ONE = ['name', 'instance', 'socket', 'rootfs'] as const;

/** Where a service comes from, and what it is called when nobody names it. */
interface Origin extends Pick<InstallTarget, 'image' | 'open'> {
  defaultName(): string;
}

/**
 * The services that a command line asks for: of images, which come from `bundle` if there is one, or else of
 * `rootfs` itself. Throws `usage`,
 * `reference-invalid`, `service-name-invalid`, `value-invalid`.
 */
export async function installTargets(
  images: string[],
  options: TargetOptions,
  context: Context,
  { rootfs, bundle }: { rootfs?: ForeignRootfs | undefined; bundle?: Bundle | undefined } = {},
): Promise<InstallTarget[]> {
  for (const option of FOR_ONE) {
    if (images.length > 1 && (options[option]?.length ?? 0) > 0) {
      throw new BerthError('usage', `--${option} is for one image`, {
        hint: 'install each image by a command of its own',
      });
    }
  }
  const sockets = parseSocketRequest(options);
  const settings = await readSettings(options, context);
  const asked = { ...NO_REQUEST, sockets, dependencies: makeDependencies(options), enable: options.enable };
  const origins: Origin[] =
    images.length === 0 && rootfs !== undefined
      ? [rootfsOrigin(rootfs, context)]
      : images.map((image) => imageOrigin(image, bundle, options, context));
  return origins.flatMap(({ image, open, defaultName }) =>
    serviceNames(options.name ?? defaultName(), options.instance).map((name) => {
      if (sockets !== null) refuseSockets(name);
      return { ...asked, name, image, settings: settings(instanceOf(name)), declared: false, open };
    }),
  );
}

function imageOrigin(
  text: string,
  bundle: Bundle | undefined,
  { authfile }: TargetOptions,
  context: Context,
): Origin {
  const image = spelledAsNow(text, context);
  const reference = parseImageReference(image);
  return {
    image,
    defaultName: () => defaultServiceName(reference),
    open: () => bundle?.open(image) ?? openImage(reference, authfile, context),
  };
}

function rootfsOrigin(rootfs: ForeignRootfs, { paths }: Context): Origin {
  const { named } = rootfs;
  return {
    image: rootfsImageName(named),
    // As tools unpack them: NAME/rootfs.
    defaultName: () => basename(basename(named) === 'rootfs' ? dirname(named) : named),
    open: () => openForeignRootfs(rootfs, paths),
  };
}

function makeDependencies(options: TargetOptions): Dependencies {
  try {
    return parseDependencies(options);
  } catch (error) {
    throw new BerthError('usage', messageOf(error), { cause: error });
  }
}

function serviceNames(name: string, instances: readonly string[]): ServiceName[] {
  if (instances.length === 0) return [parseServiceName(name)];
  if (name.includes('@')) {
    throw new BerthError('usage', `--name ${name} names an instance, and so does --instance`, {
      hint: `write --name ${name.replace(/@.*/s, '')}`,
    });
  }
  return instances.map((instance) => parseServiceName(`${name}@${instance}`));
}

/** All instances have one unit for their sockets' service, and no two can listen at one address. */
function refuseSockets(name: ServiceName): void {
  if (instanceOf(name) === undefined) return;
  throw new BerthError('usage', `cannot listen for ${name}: --socket is not for instances`, {
    hint: 'make each a service of its own, with --name',
  });
}

/** The variables for one instance, or for a service that is none: `--set a:PORT=81` is for the instance `a` alone. */
async function readSettings(
  options: TargetOptions,
  { signal }: Context,
): Promise<(instance: string | undefined) => Map<string, string>> {
  const common = new Map(options.values === undefined ? [] : await readValuesFile(options.values, signal));
  const own = new Map<string, Map<string, string>>(options.instance.map((instance) => [instance, new Map()]));
  for (const text of options.set) {
    const [, instance, setting = text] = /^([^=:]*):(.*)$/s.exec(text) ?? [];
    const [name, value] = parseSetting(setting);
    const values = instance === undefined ? common : own.get(instance);
    if (values === undefined) {
      throw new BerthError('usage', `no such instance in this command: --set ${text}`, {
        hint: `add --instance ${instance}, or write --set ${setting} for all`,
      });
    }
    values.set(name, value);
  }
  return (instance) => new Map([...common, ...(own.get(instance ?? '') ?? [])]);
}
