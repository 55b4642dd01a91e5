import { BerthError } from '../../../errors.ts';
import { quote } from '../../../reference/quote.ts';
import { basicAuthorization } from '../http/basic-authorization.ts';
import type { Connections, HttpRequest } from '../http/connections.ts';
import type { HttpAnswer } from '../http/http-answer.ts';
import { isLoopback } from '../http/loopback.ts';
import { sendFollowing } from '../http/redirect.ts';
import { bodyOf, type RequestBody } from '../http/request-body.ts';
import { failureOf } from '../http/status.ts';
import type { Credential } from './credential.ts';

// The distribution project's token specification: what counts when the answer does not say.
const DEFAULT_LIFETIME = 60;

/** What a Bearer challenge asks to fetch (distribution spec, token authentication). */
export interface TokenRequest {
  realm: URL;
  service: string | undefined;
  /** Space-separated where a request needs several; empty for no more than to be known. */
  scope: string;
  credential: Credential | undefined;
  /** The host that may see credentials over plain HTTP, since it was declared insecure. */
  insecureHost: string | undefined;
}

export interface Token {
  text: string;
  /** Seconds from when it was asked for. */
  lifetime: number;
}

/**
 * Fetches a token. Throws `credential-refused`, `registry-unauthorized` for want of a credential,
 * `registry-protocol` for an answer that is none, and `Transient`.
 */
export async function fetchToken(connections: Connections, request: TokenRequest): Promise<Token> {
  const { realm } = request;
  const credential = mayCarryCredentials(request) ? request.credential : undefined;
  const http: HttpRequest = {
    headers: {},
    trust: realm.host === request.insecureHost ? 'any' : 'system',
  };
  const answer =
    credential?.kind === 'identity'
      ? await connections.send(realm, {
          ...http,
          method: 'POST',
          body: refreshForm(request, credential.token),
        })
      : await getToken(connections, request, credential, http);
  answer.hasCredential = credential !== undefined;
  if (answer.status !== 200) throw await refusal(answer, request.scope);
  return readToken(await answer.read('tokenBytes', 'token'), realm);
}

async function refusal(answer: HttpAnswer, scope: string): Promise<Error> {
  const failure = await failureOf(answer, `a token for ${quote(scope)}`);
  // It is the token service that is not found, which says nothing about the image.
  return failure instanceof BerthError && failure.code === 'registry-not-found'
    ? new BerthError('registry-protocol', failure.message)
    : failure;
}

async function getToken(
  connections: Connections,
  request: TokenRequest,
  credential: { username: string; password: string } | undefined,
  http: HttpRequest,
): Promise<HttpAnswer> {
  const url = new URL(request.realm);
  if (request.service !== undefined) url.searchParams.set('service', request.service);
  // Each is a parameter of its own here, unlike in a form.
  for (const scope of request.scope.split(' ').filter(Boolean)) url.searchParams.append('scope', scope);
  const headers: Record<string, string> = {};
  if (credential !== undefined) {
    url.searchParams.set('account', credential.username);
    headers['authorization'] = basicAuthorization(credential.username, credential.password);
  }
  return (await sendFollowing(connections, url, { ...http, headers })).answer;
}

/** A realm is the registry's word: whatever it names, credentials go out encrypted or not beyond this machine. */
function mayCarryCredentials({ realm, insecureHost }: TokenRequest): boolean {
  return realm.protocol === 'https:' || isLoopback(realm.hostname) || realm.host === insecureHost;
}

function refreshForm({ service, scope }: TokenRequest, token: string): RequestBody {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'berth',
    ...(service === undefined ? {} : { service }),
    ...(scope === '' ? {} : { scope }),
    refresh_token: token,
  });
  return bodyOf(Buffer.from(form.toString()), 'application/x-www-form-urlencoded');
}

function readToken(bytes: Buffer, realm: URL): Token {
  let answer: Record<string, unknown> | null;
  try {
    answer = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's message would show a piece of it.
    throw new BerthError('registry-protocol', `not a token: ${realm.host}: the answer is not JSON`);
  }
  const text = answer?.['token'] || answer?.['access_token'];
  // It goes into a header, so nothing may be in it that ends one.
  if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) {
    throw new BerthError(
      'registry-protocol',
      `not a token: ${realm.host}: the answer has none that fits a header`,
    );
  }
  const lifetime = answer?.['expires_in'] ?? DEFAULT_LIFETIME;
  if (typeof lifetime !== 'number' || !(lifetime >= 0)) {
    throw new BerthError('registry-protocol', `not a token: ${realm.host}: expires_in is ${quote(lifetime)}`);
  }
  return { text, lifetime: Math.max(lifetime, DEFAULT_LIFETIME) };
}
