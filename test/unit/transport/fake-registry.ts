import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import type { Digest } from '../../../src/image/digest.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';

export interface FakeImageContent {
  /** The `config` member of the image config: Env, Cmd, Labels … */
  config?: object;
  /** Uncompressed tars, lowest first. */
  layers?: Uint8Array[];
  compression?: 'none' | 'gzip';
  architecture?: string;
  os?: string;
}

export interface FakeImage {
  manifest: Descriptor;
  config: Descriptor;
  layers: Descriptor[];
  diffIds: Digest[];
}

export interface SeenRequest {
  method: string;
  /** With the query. */
  url: string;
  authorization: string | undefined;
  range: string | undefined;
  headers: IncomingMessage['headers'];
}

/** Answers a request itself and returns true, or leaves it to the registry. */
export type Intercept = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

/**
 * A registry on loopback that holds what it is given in memory and can be told to misbehave. It
 * speaks plain HTTP, or TLS with a key and certificate.
 */
export class FakeRegistry implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly blobs = new Map<string, Buffer>();
  /** By `name:tag` and `name@digest`. */
  readonly manifests = new Map<string, { bytes: Buffer; mediaType: string }>();
  readonly #server: Server;
  readonly #intercepts: Array<{ pattern: RegExp; handler: Intercept; count: number }> = [];

  private constructor(tls: ServerOptions | undefined) {
    const serve = (request: IncomingMessage, response: ServerResponse): void =>
      this.#serve(request, response);
    this.#server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve);
  }

  static async start(tls?: ServerOptions): Promise<FakeRegistry> {
    const registry = new FakeRegistry(tls);
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** `127.0.0.1:PORT`, as a reference has it. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The same by an address that leads here and that nobody can know to be this machine. */
  get remoteHost(): string {
    return `0.0.0.0:${this.#port}`;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  addBlob(bytes: Uint8Array, mediaType: string): Descriptor {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    this.blobs.set(descriptor.digest, Buffer.from(bytes));
    return descriptor;
  }

  addManifest(name: string, tag: string, manifest: object, mediaType = OCI_MANIFEST): Descriptor {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    this.manifests.set(`${name}:${tag}`, { bytes, mediaType });
    this.manifests.set(`${name}@${descriptor.digest}`, { bytes, mediaType });
    return descriptor;
  }

  addImage(name: string, tag: string, content: FakeImageContent = {}): FakeImage {
    const { config = {}, layers = [], compression = 'gzip', architecture = 'amd64', os = 'linux' } = content;
    const diffIds = layers.map((layer) => digestOf(layer));
    const blobs = layers.map((layer) =>
      compression === 'none'
        ? this.addBlob(layer, 'application/vnd.oci.image.layer.v1.tar')
        : this.addBlob(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip'),
    );
    const image = { architecture, os, config, rootfs: { type: 'layers', diff_ids: diffIds } };
    const configBlob = this.addBlob(Buffer.from(JSON.stringify(image)), OCI_CONFIG);
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configBlob, layers: blobs };
    return { manifest: this.addManifest(name, tag, manifest), config: configBlob, layers: blobs, diffIds };
  }

  addIndex(name: string, tag: string, manifests: Descriptor[]): Descriptor {
    return this.addManifest(name, tag, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  }

  /** Puts a handler before the registry's own, for URLs that match; `count` is 1 for its first request. */
  intercept(pattern: RegExp, handler: Intercept): void {
    this.#intercepts.push({ pattern, handler, count: 0 });
  }

  /** Forgets all that it holds, has seen and was told. */
  clear(): void {
    this.requests.length = 0;
    this.#intercepts.length = 0;
    this.blobs.clear();
    this.manifests.clear();
  }

  /** Requests whose URL matches. */
  seen(pattern: RegExp): SeenRequest[] {
    return this.requests.filter(({ url }) => pattern.test(url));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, url, authorization: headers.authorization, range: headers.range, headers });
    for (const intercept of this.#intercepts) {
      if (!intercept.pattern.test(url)) continue;
      intercept.count += 1;
      if (intercept.handler(request, response, intercept.count)) return;
    }
    this.#answer(url, headers.range, response);
  }

  #answer(url: string, range: string | undefined, response: ServerResponse): void {
    const [, name, kind, key = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/.exec(url) ?? [];
    if (kind === 'manifests') {
      const found = this.manifests.get(key.includes(':') ? `${name}@${key}` : `${name}:${key}`);
      if (found === undefined) fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      else {
        response.setHeader('Docker-Content-Digest', digestOf(found.bytes));
        response.setHeader('Content-Type', found.mediaType);
        send(response, found.bytes);
      }
    } else if (kind === 'blobs') {
      const bytes = this.blobs.get(key);
      if (bytes === undefined) fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown');
      else sendRange(response, bytes, range);
    } else {
      fail(response, url === '/v2/' ? 200 : 404, 'UNSUPPORTED', 'no such place');
    }
  }
}

export function send(response: ServerResponse, bytes: Uint8Array): void {
  response.setHeader('Content-Length', bytes.length);
  response.end(bytes);
}

/** As the OCI distribution spec has errors. */
export function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  send(response, Buffer.from(JSON.stringify({ errors: [{ code, message }] })));
}

/** The bytes from where a Range asks; the connection ends after `cut` of them. */
export function sendRange(
  response: ServerResponse,
  bytes: Buffer,
  range: string | undefined,
  cut = Number.POSITIVE_INFINITY,
): void {
  const start = Number(/^bytes=([0-9]+)-$/.exec(range ?? '')?.[1] ?? 0);
  const rest = bytes.subarray(start);
  if (range !== undefined) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  }
  response.setHeader('Content-Length', rest.length);
  if (rest.length <= cut) response.end(rest);
  else response.write(rest.subarray(0, cut), () => response.destroy());
}
