import type { ClientRequest } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { http } from '../../node-http.ts';
import type { Certificates, Trust } from './certificates.ts';
import { type Proxies, proxyHeaders } from './proxies.ts';
import { TunnelAgent } from './tunnel.ts';

/** How to ask for a URL: what to call, and what to call it with. */
export interface Route {
  request: (options: https.RequestOptions) => ClientRequest;
  options: https.RequestOptions;
  /** To be sent whatever else is. */
  headers: Record<string, string>;
}

const CONNECTION = { keepAlive: true };

/** The ways to hosts: straight, through a tunnel, or by a proxy that asks in turn. Connections are kept open. */
export class Routes {
  readonly #certificates: Certificates;
  readonly #proxies: Proxies;
  readonly #stall: number;
  readonly #plain = new http.Agent(CONNECTION);
  readonly #secure = new Map<string, https.Agent>();

  /** `stall`: milliseconds that a proxy may take to connect. */
  constructor(certificates: Certificates, proxies: Proxies, stall: number) {
    this.#certificates = certificates;
    this.#proxies = proxies;
    this.#stall = stall;
  }

  /** `trust` is in the host; no proxy may show what it likes. Throws `settings-invalid`. */
  to(url: URL, trust: Trust): Route {
    const proxy = this.#proxies.for(url);
    if (url.protocol === 'https:' || proxy === undefined) {
      return this.#straight(url, trust, proxy);
    }
    const { request, options } = this.#straight(proxy, 'system', undefined);
    const path = url.href.slice(0, url.href.length - url.hash.length);
    // Node would send the proxy's password as if it were the host's.
    return {
      request,
      options: { ...options, auth: null, path },
      headers: { host: url.host, ...proxyHeaders(proxy) },
    };
  }

  close(): void {
    this.#plain.destroy();
    for (const agent of this.#secure.values()) agent.destroy();
  }

  #straight(url: URL, trust: Trust, proxy: URL | undefined): Route {
    const options = urlToHttpOptions(url);
    if (url.protocol === 'http:')
      return { request: http.request, options: { ...options, agent: this.#plain }, headers: {} };
    const agent = this.#agentFor(url.host, trust, proxy);
    return { request: https.request, options: { ...options, agent }, headers: {} };
  }

  #agentFor(host: string, trust: Trust, proxy: URL | undefined): https.Agent {
    const key = `${host} ${trust} ${proxy?.host}`;
    let agent = this.#secure.get(key);
    if (agent === undefined) {
      // Made once: reading some 150 authorities for every connection would cost more than the handshake.
      const secureContext = this.#certificates.contextFor(host, trust);
      const options = { ...CONNECTION, secureContext, rejectUnauthorized: trust !== 'any' };
      agent = proxy === undefined ? new https.Agent(options) : this.#tunnelAgent(proxy, options);
      this.#secure.set(key, agent);
    }
    return agent;
  }

  #tunnelAgent(proxy: URL, options: https.AgentOptions): TunnelAgent {
    const secureContext = proxy.protocol === 'https:' ? this.#certificates.contextFor(proxy.host) : undefined;
    return new TunnelAgent({ proxy, secureContext, stall: this.#stall }, options);
  }
}
