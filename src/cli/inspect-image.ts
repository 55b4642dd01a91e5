import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ExposedValue, exposedValues } from '../deployment/exposed-values.ts';
import { checkout } from '../deployment/plan/checkout.ts';
import { BerthError } from '../errors.ts';
import { describeImage } from '../image/describe-image.ts';
import type { ResolvedImage } from '../image/image.ts';
import { readLimits } from '../image/limits.ts';
import { lonePlatform } from '../image/lone-platform.ts';
import { hostPlatform, parsePlatform } from '../image/platform.ts';
import { resolveImage, type TopDocument } from '../image/resolve-image.ts';
import { pullImage } from '../layer/pull.ts';
import { readImageTree, readUsableLayer } from '../layer/stored-layer.ts';
import { loadSettings } from '../settings.ts';
import type { ImageSource } from '../transport/source.ts';
import { untilAborted } from '../until-aborted.ts';
import type { Context } from './context.ts';
import { PullReport } from './progress.ts';
import { withScratchStore } from './scratch-store.ts';

export interface InspectImageOptions {
  raw?: boolean;
  config?: boolean;
  values?: boolean;
  platform?: string;
  json?: boolean;
}

/** Shows an image wherever it is; no layer is fetched unless `values` asks for it. Throws what the source throws, `interrupted`. */
export async function inspectImage(
  source: ImageSource,
  options: InspectImageOptions,
  context: Context,
): Promise<void> {
  const { output } = context;
  const found = await lookUp(source, options, context);
  if (found.image === undefined) {
    output.bytes(found.top.bytes);
    return;
  }
  const { top, image } = found;
  if (options.config) {
    output.bytes(image.configBytes);
    return;
  }
  const isKnown = options.values || isInStore(image, context);
  const values = isKnown ? await readValues(source, image, context) : null;
  const description = { ...describeImage(source.name, top, image), values };
  if (options.json) output.json(description);
  else output.data(stringify(description, { lineWidth: 0 }).trimEnd());
  if (values === null) output.note('Hint: what can be set is said in the layers; --values reads them');
}

/** The top document, and the image of the platform unless only the document is wanted. */
async function lookUp(
  source: ImageSource,
  { raw, platform }: InspectImageOptions,
  context: Context,
): Promise<{ top: TopDocument; image: ResolvedImage | undefined }> {
  const read = async () => {
    const top = await source.top();
    if (raw) return { top, image: undefined };
    const limits = readLimits(loadSettings(context.paths).limits);
    const asked = platform === undefined ? await lonePlatform(top, source, limits) : parsePlatform(platform);
    return { top, image: await resolveImage(top, source, asked ?? hostPlatform(), limits) };
  };
  try {
    return await untilAborted(read(), context.signal);
  } catch (cause) {
    throw context.signal.aborted
      ? new BerthError('interrupted', `interrupted: looking up ${source.name}`, { cause })
      : cause;
  }
}

function isInStore({ config }: ResolvedImage, context: Context): boolean {
  const store = context.store();
  return config.diffIds.every((diffId) => readUsableLayer(store, diffId) !== undefined);
}

/** The layers go where nothing stays of them. */
async function readValues(
  source: ImageSource,
  image: ResolvedImage,
  context: Context,
): Promise<ExposedValue[]> {
  const report = new PullReport(context.output);
  const limits = readLimits(loadSettings(context.paths).limits);
  return await withScratchStore(context.store(), async (store) => {
    const { diffIds } = await pullImage(store, source, {
      platform: image.config,
      image,
      limits,
      signal: context.signal,
      onProgress: (progress) => report.show(progress),
    });
    const rootfs = join(store.directory, 'rootfs');
    const tree = readImageTree(store, diffIds);
    tree.keepOnly('exports');
    await checkout(store, tree, rootfs);
    return exposedValues(rootfs);
  });
}
