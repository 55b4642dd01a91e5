import { BerthError } from '../../../errors.ts';
import { quote } from '../../../reference/quote.ts';
import type { Connections, HttpRequest } from './connections.ts';
import type { HttpAnswer } from './http-answer.ts';

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface Followed {
  answer: HttpAnswer;
  /** True when another origin than the one that was asked gave the answer. */
  isElsewhere: boolean;
}

/**
 * Sends a request and follows redirects. Credentials go to the origin they are for and, once it is
 * left, to none. Throws `registry-protocol` for a redirect from https to http, and for a loop.
 */
export async function sendFollowing(
  connections: Connections,
  start: URL,
  request: HttpRequest,
): Promise<Followed> {
  let url = start;
  let isElsewhere = false;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const answer = await connections.send(url, isElsewhere ? withoutTrust(request) : request);
    const location = answer.headers.location;
    if (!isFollowed(answer, request) || location === undefined) return { answer, isElsewhere };
    answer.discard();
    const next = nextUrl(url, location);
    isElsewhere ||= next.origin !== start.origin;
    url = next;
  }
  throw new BerthError('registry-protocol', `too many redirects: ${start.host}: more than ${MOST_REDIRECTS}`);
}

/** Only what changes nothing is sent to a place that another names. */
function isFollowed({ status }: HttpAnswer, { method = 'GET' }: HttpRequest): boolean {
  return REDIRECTS.has(status) && (method === 'GET' || method === 'HEAD');
}

/** A request for another host: what holds for the registry's own holds for no other. */
export function withoutTrust(request: HttpRequest): HttpRequest {
  const { authorization: _, ...headers } = request.headers;
  const { trust: __, ...rest } = request;
  return { ...rest, headers };
}

/** Where a Location leads from a URL. Throws `registry-protocol` for what is no place, or from https to http. */
export function nextUrl(url: URL, location: string): URL {
  let next: URL;
  try {
    next = new URL(location, url);
  } catch (error) {
    throw new BerthError('registry-protocol', `a redirect to no place: ${url.host}: ${quote(location)}`, {
      cause: error,
    });
  }
  if (next.protocol !== 'https:' && next.protocol !== 'http:') {
    throw new BerthError(
      'registry-protocol',
      `a redirect to ${next.protocol}: ${url.host}: only http and https are followed`,
    );
  }
  if (url.protocol === 'https:' && next.protocol === 'http:') {
    throw new BerthError('registry-protocol', `a redirect from https to http: ${url.host}: to ${next.host}`);
  }
  // Node would send these as credentials.
  next.username = '';
  next.password = '';
  return next;
}
