import { DEFAULT_LIMITS } from '../image/limits.ts';
import { loadRegistries } from '../reference/load-registries.ts';
import { formatReference, type Reference } from '../reference/reference.ts';
import { resolveShortName } from '../reference/short-name.ts';
import { firstThatHas } from './first-that-has.ts';
import type { SourceOptions } from './open-source.ts';
import { openOwnRegistry } from './registry/own-registry.ts';
import { listTags } from './registry/tags.ts';

/** A repository, and its tags: sorted, with numbers in their order, as registries do not all do it. */
export interface TagList {
  repository: string;
  tags: string[];
}

/** Lists the tags of a repository; a tag or digest in its name means nothing. Throws as `openSource` and `listTags`. */
export async function listRepositoryTags(
  reference: Reference,
  options: SourceOptions & { signal: AbortSignal },
): Promise<TagList> {
  const { paths, env, registries: settings, limits = DEFAULT_LIMITS, signal } = options;
  const candidates =
    reference.kind === 'registry'
      ? [reference]
      : resolveShortName(reference, settings, loadRegistries(paths, env));
  const places = candidates.map((candidate) => ({
    reference: candidate,
    name: formatReference({ ...candidate, tag: undefined, digest: undefined }),
  }));
  return await firstThatHas(places, async ({ reference, name }) => {
    const { client, access } = openOwnRegistry(reference, options);
    try {
      const tags = await listTags(client, limits, access.patience, signal);
      return { repository: name, tags: tags.sort(new Intl.Collator('en', { numeric: true }).compare) };
    } finally {
      access.connections.close();
    }
  });
}
