import { BerthError } from '../../errors.ts';
import { JsonField } from '../../image/json-field.ts';
import type { Limits } from '../../image/limits.ts';
import { formatReference, isTag } from '../../reference/reference.ts';
import type { HttpAnswer } from './http/http-answer.ts';
import type { Patience } from './http/patience.ts';
import { nextUrl } from './http/redirect.ts';
import { retry } from './http/retry.ts';
import type { RegistryClient } from './registry-client.ts';

/** What is asked for at a time; registries give fewer where they like. */
const PAGE = 1000;
/** More than any repository has, and an end to a registry that never comes to one. */
const MOST_TAGS = 100_000;

/**
 * All tags of a repository, in the registry's order (OCI distribution spec, "Listing Tags"). Throws
 * `registry-protocol` for pages that lead to another host, `limit-exceeded`, and as `RegistryClient.get`.
 */
export async function listTags(
  client: RegistryClient,
  limits: Limits,
  patience: Patience,
  signal: AbortSignal,
): Promise<string[]> {
  const { reference } = client.endpoint;
  const what = `tags of ${formatReference({ ...reference, tag: undefined, digest: undefined })}`;
  const tags: string[] = [];
  let path: string | undefined = `tags/list?n=${PAGE}`;
  for (let pages = 0; path !== undefined; pages += 1) {
    const page: { tags: string[]; next: string | undefined } = await retry(patience, signal, async () => {
      const answer = await client.get({ path: path ?? '', what, signal });
      const bytes = await answer.read('manifestBytes', 'list of tags');
      return { tags: readTags(bytes, limits), next: nextPage(answer) };
    });
    tags.push(...page.tags);
    if (tags.length > MOST_TAGS || pages > MOST_TAGS / PAGE) {
      throw new BerthError(
        'limit-exceeded',
        `too many tags: ${what}: more than ${MOST_TAGS} or without an end`,
      );
    }
    path = page.next;
  }
  return tags;
}

function readTags(bytes: Buffer, limits: Limits): string[] {
  const list = { code: 'registry-protocol', document: 'the list of tags', limits } as const;
  const tags = JsonField.parse(bytes, list).object().get('tags').list();
  return tags.map((tag) => {
    // Each becomes a line, and a line of a registry's own could look like another tag.
    if (!isTag(tag.string())) throw tag.wrong('not a tag');
    return tag.string();
  });
}

/** Where a Link header leads (RFC 8288, as the distribution spec uses it): only ever to the same registry. */
function nextPage({ headers: { link }, url }: HttpAnswer): string | undefined {
  const target = /^\s*<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(String(link ?? ''))?.[1];
  if (target === undefined) return undefined;
  const next = nextUrl(url, target);
  if (next.origin === url.origin) return next.href;
  throw new BerthError('registry-protocol', `more tags on another host: ${url.host}: ${next.host}`);
}
