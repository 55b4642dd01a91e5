import https from 'node:https';
import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type SecureContext } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { BerthError, messageOf } from '../../../errors.ts';
import { http } from '../../node-http.ts';
import { proxyHeaders } from './proxies.ts';
import { Transient } from './retry.ts';

const HINT =
  'HTTPS_PROXY in the environment names it, with NAME:PASSWORD@ before the host where it asks for them';

/** A proxy, and how to speak to it. */
export interface TunnelProxy {
  proxy: URL;
  /** For a proxy that is spoken to over TLS. */
  secureContext: SecureContext | undefined;
  /** Milliseconds to wait for its answer. */
  stall: number;
}

/** Connections over TLS through a proxy that sees none of what they carry (RFC 9110, 9.3.6). */
export class TunnelAgent extends https.Agent {
  readonly #proxy: TunnelProxy;
  readonly #end = new AbortController();

  constructor(proxy: TunnelProxy, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: https.RequestOptions,
    done: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const host = isIPv6(options.host ?? '') ? `[${options.host}]` : options.host;
    openTunnel(this.#proxy, `${host}:${options.port}`, this.#end.signal).then(
      (socket) => done(null, connect({ ...options, socket } as object)),
      done as (error: unknown) => void,
    );
  }

  /** Those too that the proxy has not answered for yet. */
  override destroy(): void {
    this.#end.abort();
    super.destroy();
  }
}

async function openTunnel(
  { proxy, secureContext, stall }: TunnelProxy,
  target: string,
  signal: AbortSignal,
): Promise<Duplex> {
  const { request } = proxy.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request({
      ...urlToHttpOptions(proxy),
      auth: null,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyHeaders(proxy) },
      agent: false,
      signal,
      ...(secureContext === undefined ? {} : { secureContext }),
    });
    asked.setTimeout(stall, () => asked.destroy(new Error(`no answer for ${stall / 1000} seconds`)));
    asked.on('connect', ({ statusCode = 0 }, socket) => {
      socket.setTimeout(0);
      if (statusCode >= 200 && statusCode < 300) return resolve(socket);
      socket.destroy();
      reject(refusal(proxy.host, target, statusCode));
    });
    asked.on('error', (cause) => {
      const message = `cannot reach the proxy: ${proxy.host}: ${messageOf(cause)}`;
      reject(new Transient(new BerthError('registry-unreachable', message, { hint: HINT, cause })));
    });
    asked.end();
  });
}

function refusal(proxy: string, target: string, status: number): BerthError | Transient {
  const message = `the proxy does not connect: ${proxy}: it answered ${status} for ${target}`;
  const failure = new BerthError('registry-unreachable', message, { hint: HINT });
  return status >= 500 ? new Transient(failure) : failure;
}
