import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { digestOf } from '../../../src/image/descriptor.ts';
import { type FakeRegistry, fail } from './fake-registry.ts';

/** What a registry that takes uploads saw of them. */
export interface SeenUploads {
  /** Digests of blobs that were sent. */
  sent: string[];
  /** Digests of blobs that were mounted. */
  mounted: string[];
  /** Uploads that were ended before their time. */
  cancelled: number;
}

/** Lets a fake registry take blobs and manifests, as the OCI distribution spec has it. */
export function acceptUploads(registry: FakeRegistry): SeenUploads {
  const seen: SeenUploads = { sent: [], mounted: [], cancelled: 0 };
  registry.intercept(/\/blobs\/uploads\//, (request, response) => {
    void upload(registry, seen, request, response);
    return true;
  });
  registry.intercept(/\/manifests\//, (request, response) => {
    if (request.method !== 'PUT') return false;
    void putManifest(registry, request, response);
    return true;
  });
  return seen;
}

async function upload(
  registry: FakeRegistry,
  seen: SeenUploads,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '', 'http://x');
  const mount = url.searchParams.get('mount');
  if (request.method === 'POST' && mount !== null && registry.blobs.has(mount)) {
    seen.mounted.push(mount);
    response.writeHead(201).end();
  } else if (request.method === 'POST') {
    response.writeHead(202, { location: `${url.pathname}some-upload?state=1` }).end();
  } else if (request.method === 'DELETE') {
    seen.cancelled += 1;
    response.writeHead(204).end();
  } else {
    const bytes = await buffer(request).catch(() => undefined);
    const digest = url.searchParams.get('digest') ?? '';
    if (bytes === undefined) return;
    if (digestOf(bytes) !== digest) return fail(response, 400, 'DIGEST_INVALID', 'another digest');
    seen.sent.push(digest);
    registry.blobs.set(digest, bytes);
    response.writeHead(201).end();
  }
}

async function putManifest(
  registry: FakeRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, name, key = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(request.url ?? '') ?? [];
  const bytes = await buffer(request);
  const manifest = { bytes, mediaType: request.headers['content-type'] ?? '' };
  registry.manifests.set(`${name}@${digestOf(bytes)}`, manifest);
  registry.manifests.set(`${name}${key.includes(':') ? '@' : ':'}${key}`, manifest);
  response.writeHead(201).end();
}
