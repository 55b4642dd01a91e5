import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { BerthError, messageOf } from '../../errors.ts';
import type { Limits } from '../../image/limits.ts';
import { quote } from '../../reference/quote.ts';
import { spool } from '../files/spool.ts';
import { http } from '../node-http.ts';

const SOCKET = '/var/run/docker.sock';

/**
 * Milliseconds without a byte after which the daemon counts as hung: others wait for the lock meanwhile. It is long,
 * because the daemon packs an image before it sends the first.
 */
const STALL = 10 * 60_000;

/** Bytes of an error's JSON. */
const COMPLAINT = 64 << 10;

/** The socket of the Docker daemon of this machine. Throws `transport-unsupported` for one elsewhere. */
export function daemonSocket(env: NodeJS.ProcessEnv): string {
  const host = env['DOCKER_HOST'] || `unix://${SOCKET}`;
  if (host.startsWith('unix:///')) return host.slice('unix://'.length);
  throw new BerthError(
    'transport-unsupported',
    `Docker daemon not supported: ${quote(host)}: it is no unix socket`,
    {
      hint: `unset DOCKER_HOST, or set it to unix://${SOCKET}`,
    },
  );
}

/**
 * What `docker save` writes for an image, in a file without a name (Docker Engine API, ImageGet). Throws
 * `daemon-unreachable`, `image-not-found`, and what `spool` throws.
 */
export async function saveImage(
  image: string,
  socketPath: string,
  { limits, signal, stall = STALL }: { limits: Limits; signal: AbortSignal; stall?: number },
): Promise<FileHandle> {
  const answer = await ask({ socketPath, path: `/images/${image}/get`, signal, stall });
  if (answer.statusCode !== 200) throw await refused(answer, image, socketPath);
  return spool(bodyOf(answer, socketPath), {
    limits,
    signal,
    what: `cannot save ${image} from ${socketPath}`,
  });
}

interface AskOptions {
  socketPath: string;
  path: string;
  signal: AbortSignal;
  stall: number;
}

async function ask({ stall, ...options }: AskOptions): Promise<IncomingMessage> {
  const sent = http.request({ ...options, headers: { host: 'docker' } });
  sent.setTimeout(stall, () => sent.destroy(new Error(`nothing came for ${stall / 1000} seconds`)));
  sent.end();
  try {
    // Of a server that goes over to another protocol (RFC 9110, 15.2.2) Node says nothing but the end.
    const closed = once(sent, 'close').then(() => {
      throw new Error('no answer before the end');
    });
    const [answer] = (await Promise.race([once(sent, 'response'), closed])) as [IncomingMessage];
    return answer;
  } catch (error) {
    options.signal.throwIfAborted();
    throw unreachable(options.socketPath, error);
  }
}

async function* bodyOf(answer: IncomingMessage, socketPath: string): AsyncGenerator<Buffer> {
  try {
    yield* answer;
  } catch (error) {
    throw unreachable(socketPath, error);
  }
}

async function refused(answer: IncomingMessage, image: string, socketPath: string): Promise<BerthError> {
  let text = '';
  for await (const chunk of bodyOf(answer, socketPath)) {
    text += String(chunk);
    if (text.length > COMPLAINT) break;
  }
  return answer.statusCode === 404
    ? new BerthError('image-not-found', `no such image: ${socketPath}: ${image}`, {
        hint: `docker pull ${image}`,
      })
    : unreachable(socketPath, `it answers ${answer.statusCode}: ${quote(text.trim())}`);
}

function unreachable(socketPath: string, cause: unknown): BerthError {
  return new BerthError('daemon-unreachable', `no answer from Docker: ${socketPath}: ${messageOf(cause)}`, {
    cause,
    hint: 'systemctl status docker',
  });
}
