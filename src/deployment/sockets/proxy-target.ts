import { BerthError } from '../../errors.ts';
import type { ImageConfig } from '../../image/image.ts';
import type { Values } from '../template/values.ts';
import { covers, printSocketAddress, type SocketAddress } from './socket-address.ts';
import type { SocketRequest } from './socket-request.ts';

/**
 * Where a proxy connects to: what the person said, else the port that the image's templates take as PORT,
 * else the first TCP port that the image exposes, on 127.0.0.1. Throws `usage` where that is unknown, or is
 * where the socket itself listens.
 */
export function chooseProxyTarget(
  { listen, proxy }: SocketRequest,
  image: Pick<ImageConfig, 'exposedPorts'>,
  values: Values,
): SocketAddress {
  const target = withHost(proxy?.target ?? imageTarget(image, values));
  if (target === undefined) {
    throw new BerthError('usage', 'cannot tell where to proxy to: the image exposes no TCP port', {
      hint: 'say where the server listens, such as --proxy-to 127.0.0.1:8080',
    });
  }
  const own = listen.find(({ address }) => covers(address, target));
  if (own !== undefined) {
    const [socket, server] = [own.address, target].map(printSocketAddress);
    throw new BerthError(
      'usage',
      `the proxy would connect to itself: --socket ${socket} is where the server listens: ${server}`,
      {
        hint: values.has('PORT')
          ? 'move the server to another port, such as --set PORT=8080'
          : 'give --socket another address, or say with --proxy-to where the server listens',
      },
    );
  }
  return target;
}

function imageTarget(
  { exposedPorts }: Pick<ImageConfig, 'exposedPorts'>,
  values: Values,
): SocketAddress | null {
  const exposed = exposedPorts.flatMap((text) => /^([0-9]+)(?:\/tcp)?$/.exec(text)?.[1] ?? []);
  const port = [values.get('PORT') ?? '', ...exposed]
    .map(Number)
    .find((value) => value >= 1 && value <= 65535);
  return port === undefined || !Number.isInteger(port) ? null : { kind: 'ip', host: null, port };
}

function withHost(address: SocketAddress | null): SocketAddress | undefined {
  if (address === null) return undefined;
  return address.kind === 'ip' && address.host === null ? { ...address, host: '127.0.0.1' } : address;
}
