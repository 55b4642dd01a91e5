import type { Endpoint } from '../../reference/endpoints.ts';
import { untilAborted } from '../../until-aborted.ts';
import { Authorizer } from './auth/authorizer.ts';
import type { Credentials } from './auth/credentials.ts';
import { findOrigin } from './find-origin.ts';
import type { Trust } from './http/certificates.ts';
import type { Connections, HttpMethod } from './http/connections.ts';
import type { HttpAnswer } from './http/http-answer.ts';
import { type Followed, sendFollowing, withoutTrust } from './http/redirect.ts';
import type { RequestBody } from './http/request-body.ts';
import { failureOf } from './http/status.ts';

/** A first challenge may be met with a token that ended, and a second ask for another scope. */
const MOST_CHALLENGES = 2;

export interface RegistryRequest {
  /** GET where it is not said. */
  method?: HttpMethod;
  /** Below the repository, such as `manifests/latest`; or absolute; or a URL that the registry gave. */
  path: string;
  /** What a message calls it. */
  what: string;
  headers?: Record<string, string>;
  body?: RequestBody | undefined;
  signal?: AbortSignal | undefined;
}

/** Whoever knows which credential is for a repository. */
export type CredentialFinder = Pick<Credentials, 'find'>;

/** One repository of one registry (OCI distribution spec): requests with credentials, redirects followed. */
export class RegistryClient {
  readonly endpoint: Endpoint;
  readonly #connections: Connections;
  readonly #trust: Trust;
  readonly #credentials: CredentialFinder;
  #access: Promise<{ origin: URL; authorizer: Authorizer }> | undefined;

  constructor(endpoint: Endpoint, connections: Connections, credentials: CredentialFinder) {
    this.endpoint = endpoint;
    this.#connections = connections;
    this.#trust = endpoint.insecure ? 'any' : 'system';
    this.#credentials = credentials;
  }

  /**
   * Asks once. The answer is a success (200 or 206). Throws `registry-not-found`,
   * `registry-unauthorized`, `credential-refused`, `registry-protocol`, `registry-unreachable`, and `Transient`.
   */
  async get(request: RegistryRequest): Promise<HttpAnswer> {
    const answer = await this.send(request);
    if (answer.status === 200 || answer.status === 206) return answer;
    throw await failureOf(answer, request.what);
  }

  /** Asks once, and gives whatever is answered. Throws as `get`, but for what the status says. */
  async send(request: RegistryRequest): Promise<HttpAnswer> {
    const { answer } = await this.#authorized(request);
    return answer;
  }

  async #authorized({ path, headers = {}, ...request }: RegistryRequest): Promise<Followed> {
    // What is found out for all requests goes on when this one is given up.
    const { origin, authorizer } = await untilAborted(this.#open(), request.signal);
    const url = new URL(path, new URL(`/v2/${this.endpoint.reference.path}/`, origin));
    const http = { ...request, headers, trust: this.#trust };
    if (url.origin !== origin.origin) {
      return { answer: await this.#connections.send(url, withoutTrust(http)), isElsewhere: true };
    }
    let authorization = authorizer.header;
    for (let challenges = 0; ; challenges += 1) {
      const followed = await sendFollowing(this.#connections, url, {
        ...http,
        headers: authorization === undefined ? headers : { ...headers, authorization },
      });
      const { answer, isElsewhere } = followed;
      const authenticate = answer.headers['www-authenticate'];
      // Only the registry itself may ask: a host that it sends us on to is anybody.
      if (isElsewhere) return followed;
      answer.hasCredential = authorizer.hasCredential;
      if (authenticate === undefined || !isAsking(answer.status, authenticate)) return followed;
      if (challenges === MOST_CHALLENGES) return followed;
      const answering = authorizer.answer(authenticate, authorization);
      const next = await untilAborted(answering, request.signal);
      if (next === undefined) return followed;
      answer.discard();
      authorization = next;
    }
  }

  /**
   * How to reach it is found out once, by the first request and for all that come meanwhile, so that
   * the signal of one does not end it for the others; a failure is asked about again.
   */
  async #open(): Promise<{ origin: URL; authorizer: Authorizer }> {
    this.#access ??= this.#findAccess();
    const access = this.#access;
    try {
      return await access;
    } catch (error) {
      if (this.#access === access) this.#access = undefined;
      throw error;
    }
  }

  async #findAccess(): Promise<{ origin: URL; authorizer: Authorizer }> {
    const { reference, insecure } = this.endpoint;
    const origin = await findOrigin(this.endpoint, this.#connections);
    const authorizer = new Authorizer(this.#connections, {
      origin,
      path: reference.path,
      isInsecure: insecure,
      credential: () => this.#credentials.find(reference.domain, reference.path),
    });
    return { origin, authorizer };
  }
}

/** 401, or 403 where a token is good for other things only (RFC 6750, 3.1). */
function isAsking(status: number, authenticate: string): boolean {
  return status === 401 || (status === 403 && /\binsufficient_scope\b/.test(authenticate));
}
