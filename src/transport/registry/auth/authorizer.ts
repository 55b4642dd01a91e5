import { performance } from 'node:perf_hooks';
import { BerthError } from '../../../errors.ts';
import { quote } from '../../../reference/quote.ts';
import { basicAuthorization } from '../http/basic-authorization.ts';
import type { Connections } from '../http/connections.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credential } from './credential.ts';
import { fetchToken } from './token.ts';

// A token that ends while a request is on its way is no use.
const MARGIN = 5;

/** Whose requests are authorized: one repository of one registry, by one person. */
export interface Identity {
  /** Scheme, host and port of the registry. */
  origin: URL;
  path: string;
  isInsecure: boolean;
  credential: () => Promise<Credential | undefined>;
}

interface Grant {
  header: string;
  /** Milliseconds of the monotonic clock: a wall clock that differs from the registry's is no matter. */
  until: number;
}

/** Answers challenges for one repository and remembers the tokens, by scope, until they end. */
export class Authorizer {
  readonly #connections: Connections;
  readonly #identity: Identity;
  readonly #grants = new Map<string, Promise<Grant>>();
  #last: Grant | undefined;
  #hasCredential = false;

  constructor(connections: Connections, identity: Identity) {
    this.#connections = connections;
    this.#identity = identity;
  }

  /** The Authorization header that did last, while it holds. */
  get header(): string | undefined {
    return this.#last !== undefined && this.#last.until > performance.now() ? this.#last.header : undefined;
  }

  /** Whether answering took a credential: then a refusal is one of the credential. */
  get hasCredential(): boolean {
    return this.#hasCredential;
  }

  /**
   * The header that answers a WWW-Authenticate; undefined when there is nothing to answer with.
   * `refused` is the header that the registry did not take. Requests at one time share one token.
   */
  async answer(authenticate: string, refused: string | undefined): Promise<string | undefined> {
    for (const challenge of parseChallenges(authenticate).sort(bearerFirst)) {
      const grant = await this.#grantFor(challenge, refused);
      if (grant !== undefined && grant.header !== refused) {
        this.#last = grant;
        return grant.header;
      }
    }
    return undefined;
  }

  async #grantFor(challenge: Challenge, refused: string | undefined): Promise<Grant | undefined> {
    if (challenge.scheme === 'bearer') return this.#bearer(challenge, refused);
    if (challenge.scheme !== 'basic') return undefined;
    const credential = await this.#credential();
    if (credential?.kind !== 'password') return undefined;
    const header = basicAuthorization(credential.username, credential.password);
    return { header, until: Number.POSITIVE_INFINITY };
  }

  async #bearer({ parameters }: Challenge, refused: string | undefined): Promise<Grant> {
    const { path } = this.#identity;
    const realm = this.#realmOf(parameters.get('realm'));
    const service = parameters.get('service');
    const scope = parameters.get('scope') || (path === '' ? '' : `repository:${path}:pull`);
    const key = JSON.stringify([realm.href, service, scope]);
    for (let pending = this.#grants.get(key); pending !== undefined; pending = this.#grants.get(key)) {
      const grant = await pending;
      if (grant.header !== refused && grant.until > performance.now()) return grant;
      // The first to find it used up replaces it, and the others wait for what that gives.
      if (this.#grants.get(key) === pending) break;
    }
    const grant = this.#fetch(realm, service, scope);
    this.#grants.set(key, grant);
    // A failure is this request's, not that of all to come.
    grant.catch(() => this.#grants.get(key) === grant && this.#grants.delete(key));
    return grant;
  }

  async #fetch(realm: URL, service: string | undefined, scope: string): Promise<Grant> {
    const { origin, isInsecure } = this.#identity;
    const asked = performance.now();
    const { text, lifetime } = await fetchToken(this.#connections, {
      realm,
      service,
      scope,
      credential: await this.#credential(),
      insecureHost: isInsecure ? origin.host : undefined,
    });
    return { header: `Bearer ${text}`, until: asked + (lifetime - MARGIN) * 1000 };
  }

  async #credential(): Promise<Credential | undefined> {
    const credential = await this.#identity.credential();
    this.#hasCredential = credential !== undefined;
    return credential;
  }

  #realmOf(text: string | undefined): URL {
    const { origin } = this.#identity;
    let realm: URL;
    try {
      realm = new URL(text ?? '');
    } catch (error) {
      throw new BerthError(
        'registry-protocol',
        `a challenge without a realm: ${origin.host}: ${quote(text)}`,
        {
          cause: error,
        },
      );
    }
    const isDowngrade = origin.protocol === 'https:' && realm.protocol === 'http:';
    if ((realm.protocol !== 'https:' && realm.protocol !== 'http:') || isDowngrade) {
      throw new BerthError(
        'registry-protocol',
        `tokens come from ${realm.protocol}: ${origin.host}: not over https`,
      );
    }
    realm.username = '';
    realm.password = '';
    return realm;
  }
}

/** A registry that offers both wants its password at the realm only. */
function bearerFirst(a: Challenge, b: Challenge): number {
  return Number(b.scheme === 'bearer') - Number(a.scheme === 'bearer');
}
