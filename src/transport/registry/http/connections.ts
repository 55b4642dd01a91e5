import type http from 'node:http';
import type { Trust } from './certificates.ts';
import { connectionFailure } from './connection-failure.ts';
import { HttpAnswer } from './http-answer.ts';
import type { Bounds } from './patience.ts';
import { type RequestBody, sendBody, UnreadableBody } from './request-body.ts';
import type { Routes } from './routes.ts';
import { StallWatch } from './stall-watch.ts';

export interface HttpRequest {
  /** GET where it is not said. */
  method?: HttpMethod;
  body?: RequestBody | undefined;
  headers: Record<string, string>;
  /** `system` where it is not said; `any` only for a host that was declared insecure. */
  trust?: Trust;
  signal?: AbortSignal | undefined;
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** Open connections, kept for the next request to the same host. */
export class Connections {
  readonly #routes: Routes;
  readonly #bounds: Bounds;

  constructor(routes: Routes, bounds: Bounds) {
    this.#routes = routes;
    this.#bounds = bounds;
  }

  /**
   * One request, one answer: no redirect is followed, nothing is asked twice.
   * Throws `Transient` for what may pass, `registry-unreachable` and `registry-protocol` for the rest,
   * and what reading the body throws.
   */
  async send(url: URL, request: HttpRequest): Promise<HttpAnswer> {
    try {
      const message = await this.#exchange(url, request);
      return new HttpAnswer(url, message, this.#bounds, request.signal);
    } catch (error) {
      request.signal?.throwIfAborted();
      throw error instanceof UnreadableBody ? error.cause : connectionFailure(url.host, error);
    }
  }

  /** Throws the error of the connection as it is, for who wants to tell them apart. */
  async #exchange(
    url: URL,
    { method = 'GET', body, headers, trust = 'system', signal }: HttpRequest,
  ): Promise<http.IncomingMessage> {
    signal?.throwIfAborted();
    const route = this.#routes.to(url, trust);
    const options = {
      ...route.options,
      method,
      headers: {
        ...route.headers,
        'user-agent': 'berth',
        // A registry that compresses on the way would change what the digest is of.
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': body.mediaType, 'content-length': body.length }),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const sent = route.request(options);
      const abort = (): void => void sent.destroy(new Error('aborted'));
      const watch = new StallWatch(this.#bounds.patience.stall, (seconds) =>
        sent.destroy(new Error(`no answer for ${seconds} seconds`)),
      );
      const settle = (): void => {
        watch.end();
        signal?.removeEventListener('abort', abort);
      };
      signal?.addEventListener('abort', abort);
      sent.on('response', (message) => {
        settle();
        resolve(message);
      });
      sent.on('error', (error) => {
        settle();
        reject(error);
      });
      // Of a server that goes over to another protocol (RFC 9110, 15.2.2) Node says neither of these.
      sent.on('close', () => {
        settle();
        reject(new Error('no answer before the end'));
      });
      sendBody(sent, body, watch).catch((error: unknown) => {
        settle();
        reject(new UnreadableBody(error));
        sent.destroy();
      });
    });
  }

  close(): void {
    this.#routes.close();
  }
}
