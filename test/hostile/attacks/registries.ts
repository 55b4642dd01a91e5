import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/image/descriptor.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import {
  type FakeImage,
  type FakeRegistry,
  type Intercept,
  send,
} from '../../unit/transport/fake-registry.ts';
import type { Attack } from '../attack.ts';

const MIB = 1 << 20;

/** An attack by a registry that answers some requests for a good image its own way. */
function byAnswers(
  name: string,
  outcome: Attack['outcome'],
  what: (image: FakeImage, repository: string) => RegExp,
  answer: (response: ServerResponse, registry: FakeRegistry, image: FakeImage) => void,
): Attack {
  const place = (registry: FakeRegistry, repository: string) => {
    const layers = [new TarBuilder().file('f', 'x'.repeat(5000)).end()];
    const image = registry.addImage(repository, 'latest', { layers, config: { Cmd: ['/f'] } });
    const handler: Intercept = (_request, response) => {
      answer(response, registry, image);
      return true;
    };
    registry.intercept(what(image, repository), handler);
  };
  return { name, outcome, place };
}

const tag = (_image: FakeImage, repository: string) => new RegExp(`/${repository}/manifests/latest`);
const config = (image: FakeImage, repository: string) =>
  new RegExp(`/${repository}/blobs/${image.config.digest}`);
const layer = (image: FakeImage, repository: string) =>
  new RegExp(`/${repository}/blobs/${image.layers[0]?.digest}`);

/** Sends for ever, as fast as it is taken. */
function sendEndlessly(response: ServerResponse): void {
  const piece = Buffer.alloc(MIB, ' ');
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}

function redirect(location: string) {
  return (response: ServerResponse) => response.writeHead(307, { location }).end();
}

/** Registries that answer with something else than was asked for. */
export const registryAttacks: Attack[] = [
  byAnswers('a manifest without end', 'limit-exceeded', tag, sendEndlessly),
  byAnswers('a manifest that is not what its digest says', 'digest-mismatch', tag, (response) => {
    response.setHeader('Docker-Content-Digest', digestOf(Buffer.from('another')));
    send(response, Buffer.from('{}'));
  }),
  byAnswers('a manifest whose digest is a path', 'digest-invalid', tag, (response) => {
    response.setHeader('Docker-Content-Digest', 'sha256:../../../../etc');
    send(response, Buffer.from('{}'));
  }),
  byAnswers('a config without end', 'limit-exceeded', config, sendEndlessly),
  byAnswers(
    'a config of the right size and other content',
    'digest-mismatch',
    config,
    (response, _registry, image) => send(response, Buffer.alloc(image.config.size, ' ')),
  ),
  byAnswers('a layer without end', 'size-mismatch', layer, sendEndlessly),
  byAnswers(
    'a layer of the right size and other content',
    'digest-mismatch',
    layer,
    (response, _registry, image) => send(response, Buffer.alloc(image.layers[0]?.size ?? 0)),
  ),
  byAnswers('a layer with one bit changed', 'digest-mismatch', layer, (response, registry, image) => {
    const bytes = Buffer.from(registry.blobs.get(image.layers[0]?.digest ?? '') ?? '');
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    send(response, bytes);
  }),
  byAnswers('another layer, whole and well', 'size-mismatch', layer, (response) =>
    send(response, gzipSync(new TarBuilder().file('evil', 'x').end())),
  ),
  byAnswers('no layer, but a length', 'size-mismatch', layer, (response) => {
    response.setHeader('Content-Length', 0);
    response.end();
  }),
  byAnswers('a redirect to a file of the host', 'registry-protocol', layer, redirect('file:///etc/shadow')),
  byAnswers('a redirect that never ends', 'registry-protocol', layer, (response) =>
    redirect(response.req.url ?? '')(response),
  ),
];
