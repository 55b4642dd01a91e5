import { existsSync } from 'node:fs';
import type { UpdateTarget } from '../deployment/plan/update.ts';
import { readCurrentRecord } from '../deployment/record.ts';
import { parseSetting } from '../deployment/template/values.ts';
import { readValuesFile } from '../deployment/template/values-file.ts';
import { BerthError } from '../errors.ts';
import { readApplied } from '../provision/apply/applied.ts';
import { parseImageReference, placeOf } from '../reference/image-reference.ts';
import type { ServiceName } from '../service-name.ts';
import { loadSettings } from '../settings.ts';
import { isRootfsImageName } from '../transport/rootfs/rootfs-image-name.ts';
import type { Context } from './context.ts';
import { namedServices } from './named-services.ts';
import { openImage, spelledAsNow } from './open-image.ts';

/** The options of `update` that say what is updated, and with what. */
export interface UpdateTargetOptions {
  all?: boolean;
  set: string[];
  values?: string;
  rebase?: string;
  rootfs?: string;
  authfile?: string;
}

/** What a command line asks to be updated. Throws `usage`, `service-not-found`, `value-invalid`, `reference-invalid`. */
export async function updateTargets(
  names: string[],
  options: UpdateTargetOptions,
  context: Context,
): Promise<UpdateTarget[]> {
  if ((names.length === 0) !== (options.all === true)) {
    throw new BerthError(
      'usage',
      options.all ? '--all and names exclude each other' : 'no service is named',
      {
        hint: 'berth update NAME, or berth update --all',
      },
    );
  }
  const services = options.all ? allServices(context) : namedServices(names, context.paths);
  if (options.rebase !== undefined && services.length !== 1) {
    throw new BerthError('usage', '--rebase is for one service');
  }
  if (options.rootfs !== undefined && options.all) {
    throw new BerthError('usage', '--rootfs is for services that are named');
  }
  const rebase =
    options.rebase === undefined ? undefined : parseImageReference(spelledAsNow(options.rebase, context));
  const set = [
    ...(options.values === undefined ? [] : await readValuesFile(options.values, context.signal)),
    ...options.set.map(parseSetting),
  ];
  return services.map((name) => ({
    name,
    request: (before) => ({ ...before, settings: new Map([...before.settings, ...set]) }),
    rootfs: options.rootfs,
    rebased: rebase !== undefined,
    open: ({ image }) => openImage(rebase ?? parseImageReference(image.name), options.authfile, context),
  }));
}

function allServices(context: Context): ServiceName[] {
  const { exclude } = loadSettings(context.paths).autoUpdate;
  const declared = new Map(Object.entries(readApplied(context.paths).update));
  const reason = (name: ServiceName): string | undefined => {
    if (exclude.includes(name)) return 'as berth.yaml says (autoUpdate.exclude)';
    const update = declared.get(name) ?? 'auto';
    if (update !== 'auto') return `as host.yaml says (update: ${update})`;
    return vendorsPart(name, context) ?? missingPlace(name, context);
  };
  return namedServices([], context.paths).filter((name) => {
    const why = reason(name);
    if (why !== undefined) context.output.note(`${name}: left alone, ${why}`);
    return why === undefined;
  });
}

/** What updates the operating system updates its services; one that hides them would hide the next ones, too. */
function vendorsPart(name: ServiceName, { paths }: Context): string | undefined {
  return readCurrentRecord(paths, name)?.vendor ? 'it comes with the operating system' : undefined;
}

/** A service may come from a medium that is in a drawer now: the others are updated all the same. */
function missingPlace(name: ServiceName, { paths }: Context): string | undefined {
  const image = readCurrentRecord(paths, name)?.image.name;
  if (image === undefined || isRootfsImageName(image)) return undefined;
  const place = placeOf(parseImageReference(image));
  return place === undefined || existsSync(place) ? undefined : `its image is not there: ${place}`;
}
