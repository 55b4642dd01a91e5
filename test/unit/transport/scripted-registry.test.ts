import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../../src/errors.ts';
import { pullImage } from '../../../src/layer/pull.ts';
import { Paths } from '../../../src/paths.ts';
import { parseReference } from '../../../src/reference/reference.ts';
import { openSource } from '../../../src/transport/open-source.ts';
import { GivenAuthFile } from '../../../src/transport/registry/auth/given-auth-file.ts';
import { PATIENCE, type Patience } from '../../../src/transport/registry/http/patience.ts';
import { scratchStore } from '../layer/scratch.ts';
import { TarBuilder } from '../layer/tar-builder.ts';
import { FakeRegistry, fail, type Intercept, send, sendRange } from './fake-registry.ts';

const MIB = 1 << 20;
const CONTENT = randomBytes(20 * MIB);
const LAYER = new TarBuilder().file('content', CONTENT).end();
const SECRET = Buffer.from('me:secret').toString('base64');
const TOKEN = 'the-token';

/** As ever, but for pauses: a loaded machine must not look like a registry that is late. */
const PATIENT: Patience = { ...PATIENCE, firstDelay: 1, longestDelay: 5, longestRetryAfter: 5000 };

/** For a registry that is to be found too slow. How often it is asked may then depend on the machine. */
const HASTY: Patience = { ...PATIENT, stall: 1000, window: 1000 };

interface Scene {
  registry: FakeRegistry;
  /** Where the registry sends clients for blobs: it must never see a credential. */
  storage: FakeRegistry;
  /** Where tokens come from: it alone may see the password. */
  tokens: FakeRegistry;
}

interface Script {
  /** What the registry does with requests for the layer, which nobody else has seen before. */
  layer?: (scene: Scene) => Intercept;
  /** What else is arranged. */
  arrange?: (scene: Scene) => void;
  ends: 'completes' | ErrorCode;
  isLate?: true;
  /** How often the layer is asked for. */
  asked?: number;
}

/** Does it the first times, and lets the registry answer then. */
function atFirst(times: number, misbehave: (response: ServerResponse) => void): () => Intercept {
  return () => (_, response, count) => {
    if (count > times) return false;
    misbehave(response);
    return true;
  };
}

function always(misbehave: (response: ServerResponse) => void): () => Intercept {
  return atFirst(Number.POSITIVE_INFINITY, misbehave);
}

function busy(status: number, retryAfter?: () => string): (response: ServerResponse) => void {
  return (response) => {
    if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter());
    fail(response, status, 'TOOMANYREQUESTS', 'slow down');
  };
}

/** Begins well and then says no more. */
function stall(response: ServerResponse): void {
  response.setHeader('Content-Length', LAYER.length);
  response.write(LAYER.subarray(0, MIB));
}

/** The first part, cut off; the rest as a handler has it. */
function resumed(rest: (response: ServerResponse, start: number) => void): () => Intercept {
  return () => (request, response) => {
    if (request.headers.range === undefined) sendRange(response, LAYER, undefined, MIB);
    else rest(response, Number(/[0-9]+/.exec(request.headers.range)?.[0]));
    return true;
  };
}

function partial(response: ServerResponse, start: number, total = LAYER.length): ServerResponse {
  const range = `bytes ${start}-${LAYER.length - 1}/${total}`;
  return response.writeHead(206, { 'Content-Range': range, 'Content-Length': LAYER.length - start });
}

function unending(response: ServerResponse): void {
  const more = (): void => void (response.destroyed || response.write(Buffer.alloc(MIB), more));
  more();
}

/** A byte now and then. */
function drip(response: ServerResponse): void {
  response.setHeader('Content-Length', LAYER.length);
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}

function redirect(location: (scene: Scene, url: string) => string): (scene: Scene) => Intercept {
  return (scene) => (request, response) => {
    response.writeHead(307, { location: location(scene, request.url ?? '') }).end();
    return true;
  };
}

const toStorage = redirect(({ storage }, url) => `http://you:there@${storage.host}${url}`);

/** Gives the storage the layer, and has it try to get at a credential. */
function temptingStorage({ storage, registry }: Scene): void {
  for (const [digest, bytes] of registry.blobs) storage.blobs.set(digest, bytes);
  storage.intercept(/./, (_, response) => {
    response.setHeader('Set-Cookie', 'of=storage');
    return false;
  });
}

const SCRIPTS: Record<string, Script> = {
  behaves: { ends: 'completes', asked: 1 },
  'says nothing at first': { layer: atFirst(2, () => {}), isLate: true, ends: 'completes' },
  'never says anything': { layer: always(() => {}), isLate: true, ends: 'registry-unreachable' },
  'drips its headers': {
    layer: always(({ socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\nX: ');
      const timer = setInterval(() => socket?.write('x'), 20);
      socket?.on('close', () => clearInterval(timer));
    }),
    isLate: true,
    ends: 'registry-unreachable',
  },
  'stalls once within the layer': { layer: atFirst(1, stall), isLate: true, ends: 'completes' },
  'stalls at the same place each time': { layer: always(stall), isLate: true, ends: 'registry-unreachable' },
  drips: { layer: always(drip), isLate: true, ends: 'registry-unreachable' },
  'cuts at every megabyte': {
    layer: () => (request, response) => {
      sendRange(response, LAYER, request.headers.range, MIB);
      return true;
    },
    ends: 'completes',
    asked: 21,
  },
  'cuts at every kilobyte': {
    layer: () => (request, response) => {
      sendRange(response, LAYER, request.headers.range, 1024);
      return true;
    },
    ends: 'registry-unreachable',
    asked: 5,
  },
  'cuts before the first byte': {
    layer: always((response) => response.destroy()),
    ends: 'registry-unreachable',
    asked: 5,
  },
  'answers 429 twice': { layer: atFirst(2, busy(429)), ends: 'completes', asked: 3 },
  'answers 503 twice': { layer: atFirst(2, busy(503)), ends: 'completes', asked: 3 },
  'answers 429 for ever': { layer: always(busy(429)), ends: 'registry-unreachable', asked: 5 },
  'answers 503 for ever': { layer: always(busy(503)), ends: 'registry-unreachable', asked: 5 },
  'asks for a second with 429': {
    layer: atFirst(
      1,
      busy(429, () => '1'),
    ),
    ends: 'completes',
    asked: 2,
  },
  'asks for a time of day with 503': {
    layer: atFirst(
      1,
      busy(503, () => new Date(Date.now() + 1500).toUTCString()),
    ),
    ends: 'completes',
    asked: 2,
  },
  'asks for an hour': {
    layer: always(busy(429, () => '3600')),
    ends: 'registry-unreachable',
    asked: 1,
  },
  'asks for next year': {
    layer: always(busy(503, () => new Date(Date.now() + 31_536_000_000).toUTCString())),
    ends: 'registry-unreachable',
    asked: 1,
  },
  'ignores Range, and cuts later each time': {
    layer: () => (_, response, count) => {
      sendRange(response, LAYER, undefined, count * 8 * MIB);
      return true;
    },
    ends: 'completes',
    asked: 3,
  },
  'ignores Range, and cuts at the same place': {
    layer: always((response) => sendRange(response, LAYER, undefined, MIB)),
    ends: 'registry-unreachable',
    asked: 5,
  },
  'answers 416 to Range': {
    layer: resumed((response) => response.writeHead(416).end()),
    ends: 'registry-protocol',
    asked: 2,
  },
  'sends another part than was asked for': {
    layer: resumed((response) => partial(response, 0).end(LAYER)),
    ends: 'registry-protocol',
    asked: 2,
  },
  'sends several parts': {
    layer: resumed((response) =>
      response.writeHead(206, { 'Content-Type': 'multipart/byteranges; boundary=x' }).end('--x--'),
    ),
    ends: 'registry-protocol',
    asked: 2,
  },
  'names another total for the rest': {
    layer: resumed((response, start) =>
      partial(response, start, LAYER.length + 1).end(LAYER.subarray(start)),
    ),
    ends: 'registry-protocol',
    asked: 2,
  },
  'has other content for the rest': {
    layer: resumed((response, start) => partial(response, start).end(Buffer.alloc(LAYER.length - start))),
    ends: 'digest-mismatch',
    asked: 2,
  },
  'has another ETag and the same content for the rest': {
    layer: () => (request, response, count) => {
      response.setHeader('ETag', `"${count}"`);
      sendRange(response, LAYER, request.headers.range, 8 * MIB);
      return true;
    },
    ends: 'completes',
    asked: 3,
  },
  'names a greater length': {
    layer: always((response) => {
      response.setHeader('Content-Length', LAYER.length + 1);
      response.write(LAYER);
    }),
    ends: 'size-mismatch',
    asked: 1,
  },
  'names a smaller length': {
    layer: always((response) => send(response, LAYER.subarray(1))),
    ends: 'size-mismatch',
    asked: 1,
  },
  'sends more than the manifest says': { layer: always(unending), ends: 'size-mismatch', asked: 1 },
  'sends less than the manifest says': {
    layer: always((response) => response.end(LAYER.subarray(0, MIB))),
    ends: 'size-mismatch',
    asked: 1,
  },
  'sends other content': {
    layer: always((response) => send(response, Buffer.alloc(LAYER.length))),
    ends: 'digest-mismatch',
    asked: 1,
  },
  'compresses on the way': {
    layer: always((response) => {
      response.setHeader('Content-Encoding', 'gzip');
      send(response, gzipSync(LAYER.subarray(0, MIB)));
    }),
    ends: 'size-mismatch',
    asked: 1,
  },
  'speaks something else than HTTP': {
    layer: always(({ socket }) => socket?.end('SSH-2.0-OpenSSH_9.2\r\n')),
    ends: 'registry-protocol',
    asked: 1,
  },
  'goes over to another protocol': {
    layer: always(({ socket }) =>
      socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n'),
    ),
    ends: 'registry-unreachable',
    asked: 5,
  },
  'has headers without end': {
    layer: always(({ socket }) => socket?.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(MIB)}`)),
    ends: 'registry-protocol',
    asked: 1,
  },
  'does not have the layer': {
    layer: always((response) => fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown')),
    ends: 'registry-not-found',
    asked: 1,
  },
  'sends an endless refusal': {
    layer: always((response) => {
      response.statusCode = 403;
      unending(response);
    }),
    ends: 'credential-refused',
    asked: 1,
  },
  'redirects to another host': { layer: toStorage, arrange: temptingStorage, ends: 'completes', asked: 1 },
  'redirects to another host that cuts at every megabyte': {
    layer: toStorage,
    arrange: ({ storage }) =>
      storage.intercept(/blobs/, (request, response) => {
        sendRange(response, LAYER, request.headers.range, MIB);
        return true;
      }),
    ends: 'completes',
    asked: 21,
  },
  'redirects to another host that asks for credentials': {
    layer: toStorage,
    arrange: ({ storage }) =>
      storage.intercept(/./, (_, response) => {
        const realm = `http://${storage.host}/token`;
        response.setHeader('WWW-Authenticate', `Basic realm="x", Bearer realm="${realm}",scope="all"`);
        fail(response, 401, 'UNAUTHORIZED', 'tell me');
        return true;
      }),
    ends: 'registry-unauthorized',
    asked: 1,
  },
  'redirects to another host that redirects back': {
    layer: toStorage,
    arrange: ({ storage, registry }) =>
      storage.intercept(/./, (request, response) => {
        response.writeHead(307, { location: `http://${registry.host}${request.url}` }).end();
        return true;
      }),
    // Once it was left, the registry itself is anybody.
    ends: 'registry-unauthorized',
    asked: 1,
  },
  'redirects to a file': { layer: redirect(() => 'file:///etc/shadow'), ends: 'registry-protocol', asked: 1 },
  'redirects in a circle': { layer: redirect((_, url) => url), ends: 'registry-protocol', asked: 6 },
  'sets cookies': {
    arrange: ({ registry }) =>
      registry.intercept(/./, (_, response) => {
        response.setHeader('Set-Cookie', 'of=registry');
        return false;
      }),
    ends: 'completes',
  },
  'names a realm that is slow to answer': {
    arrange: ({ tokens }) => tokens.intercept(/./, (_, __, count) => count < 3),
    isLate: true,
    ends: 'completes',
  },
  'names a realm that redirects elsewhere': {
    arrange: ({ tokens, storage }) =>
      tokens.intercept(/./, (_, response) => {
        response.writeHead(307, { location: `http://${storage.host}/token` }).end();
        return true;
      }),
    ends: 'registry-protocol',
    asked: 0,
  },
  'names a realm whose answer does not end': {
    arrange: ({ tokens }) =>
      tokens.intercept(/./, (_, response) => {
        unending(response);
        return true;
      }),
    ends: 'limit-exceeded',
    asked: 0,
  },
  'names a realm whose token would be two headers': {
    arrange: ({ tokens }) =>
      tokens.intercept(/./, (_, response) => {
        send(response, Buffer.from(JSON.stringify({ token: 'x\r\nHost: evil.example' })));
        return true;
      }),
    ends: 'registry-protocol',
    asked: 0,
  },
};

/** The registry wants a token for everything, which the password buys at another host. */
function requireToken({ registry, tokens }: Scene): void {
  registry.intercept(/^\/v2\/x/, ({ headers }, response) => {
    if (headers.authorization === `Bearer ${TOKEN}`) return false;
    // Two headers and three challenges, of which the first would have the password.
    response.setHeader('WWW-Authenticate', [
      'Basic realm="a, Bearer b"',
      `Negotiate, Bearer realm="http://${tokens.host}/token",service="fake"`,
    ]);
    fail(response, 401, 'UNAUTHORIZED', 'authentication required');
    return true;
  });
}

function sellTokens({ tokens }: Scene): void {
  tokens.intercept(/^\/token/, ({ headers }, response) => {
    if (headers.authorization !== `Basic ${SECRET}`) return false;
    send(response, Buffer.from(JSON.stringify({ token: TOKEN })));
    return true;
  });
}

/** Every request's headers and URL as text, in which a secret can be looked for. */
function log({ requests }: FakeRegistry): string {
  return requests.map(({ url, headers }) => `${url} ${JSON.stringify(headers)}`).join('\n');
}

// Much of it is waiting.
describe('a pull from a registry that', { concurrency: 4 }, () => {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    const { layer, arrange, ends } = script;
    it(`${name}: ${ends}`, async (test) => {
      await using registry = await FakeRegistry.start();
      await using storage = await FakeRegistry.start();
      await using tokens = await FakeRegistry.start();
      const scene = { registry, storage, tokens };
      const image = registry.addImage('x', 'latest', { layers: [LAYER], compression: 'none' });
      const digest = image.layers[0]?.digest ?? '';
      requireToken(scene);
      arrange?.(scene);
      sellTokens(scene);
      if (layer !== undefined) registry.intercept(new RegExp(digest), layer(scene));

      const { directory, store } = scratchStore(test);
      const authFile = join(directory, 'auth.json');
      writeFileSync(authFile, JSON.stringify({ auths: { [registry.host]: { auth: SECRET } } }));
      const source = openSource(parseReference(`${registry.host}/x`), {
        paths: new Paths(directory),
        env: {},
        registries: { search: [], aliases: {}, insecure: [] },
        authFile: new GivenAuthFile(authFile),
        patience: script.isLate ? HASTY : PATIENT,
      });
      const pull = pullImage(store, source, { platform: { os: 'linux', architecture: 'amd64' } });
      if (ends === 'completes') await pull;
      else await assert.rejects(pull, { code: ends });
      await source.close();

      const asked = registry.requests.filter(
        ({ url, authorization }) => url.includes(digest) && authorization === `Bearer ${TOKEN}`,
      );
      if (script.asked !== undefined) assert.equal(asked.length, script.asked);
      assert.doesNotMatch(log(registry), new RegExp(`${SECRET}|cookie`, 'i'));
      assert.doesNotMatch(log(tokens), new RegExp(`${TOKEN}|cookie`, 'i'));
      assert.doesNotMatch(log(storage), new RegExp(`${SECRET}|${TOKEN}|authorization|cookie|you:there`, 'i'));
    });
  }
});
