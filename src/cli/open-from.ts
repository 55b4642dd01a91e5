import { readLimits } from '../image/limits.ts';
import { loadSettings } from '../settings.ts';
import { type Bundle, openBundle } from '../transport/bundle/open-bundle.ts';
import type { Context } from './context.ts';

/** The bundle that `--from` names, to be closed; undefined without it. Throws as `openBundle`. */
export async function openFrom(path: string | undefined, context: Context): Promise<Bundle | undefined> {
  if (path === undefined) return undefined;
  const limits = readLimits(loadSettings(context.paths).limits);
  return await openBundle(path, { limits, signal: context.signal });
}
