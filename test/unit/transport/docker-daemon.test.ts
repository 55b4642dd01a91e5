import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../../src/image/limits.ts';
import { saveImage } from '../../../src/transport/daemon/save-image.ts';
import { scratch } from '../layer/scratch.ts';
import { startFakeDocker } from './fake-docker-socket.ts';
import { CONFIG_BYTES, LAYERS, open, readAll, tarOf } from './sample-image.ts';

const ARCHIVE = tarOf({
  'lower.tar': LAYERS[0] ?? '',
  'upper.tar': LAYERS[1] ?? '',
  'config.json': CONFIG_BYTES,
  'manifest.json': JSON.stringify([
    { Config: 'config.json', RepoTags: ['etcd:3'], Layers: ['lower.tar', 'upper.tar'] },
  ]),
});
const NAME = 'docker-daemon:docker.io/library/etcd:3';

test('an image of the Docker daemon is what it would save', async (context) => {
  const asked: string[] = [];
  const env = await startFakeDocker(context, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(ARCHIVE);
  });
  const { name, config, layers } = await readAll('docker-daemon:etcd:3', env);
  assert.deepEqual(asked, ['GET /images/docker.io/library/etcd:3/get']);
  assert.equal(name, NAME);
  assert.deepEqual(config, CONFIG_BYTES);
  assert.deepEqual(layers, LAYERS);
});

test('an image that the daemon does not have is not found', async (context) => {
  const env = await startFakeDocker(context, (_, response) => {
    response.writeHead(404).end('{"message":"No such image"}');
  });
  await assert.rejects(readAll(NAME, env), {
    code: 'image-not-found',
    hint: 'docker pull docker.io/library/etcd:3',
  });
});

test('another answer is told, but not raw and not without end', async (context) => {
  const env = await startFakeDocker(context, (_, response) => {
    response.writeHead(500);
    const write = () => response.write(`\u001b[2J${'x'.repeat(1 << 20)}`, write);
    write();
  });
  await assert.rejects(readAll(NAME, env), (error: Error & { code: string }) => {
    assert.equal(error.code, 'daemon-unreachable');
    assert.match(error.message, / it answers 500: "\\u001b\[2Jx+…"$/);
    return true;
  });
});

test('an answer that is cut is no image', async (context) => {
  const env = await startFakeDocker(context, (_, response) => {
    response.writeHead(200);
    response.write(ARCHIVE.subarray(0, 2000), () => response.destroy());
  });
  await assert.rejects(readAll(NAME, env), { code: 'daemon-unreachable' });
});

test('a daemon that goes over to another protocol is not waited for', async (context) => {
  const env = await startFakeDocker(context, (_, response) => {
    response.writeHead(101, { connection: 'upgrade', upgrade: 'tcp' }).end();
  });
  await assert.rejects(readAll(NAME, env), { code: 'daemon-unreachable' });
});

test('a daemon that hangs is given up, before its answer and within it', async (context) => {
  const options = { limits: DEFAULT_LIMITS, signal: AbortSignal.timeout(60_000), stall: 100 };
  for (const begin of [() => {}, (response: ServerResponse) => response.write('x')]) {
    const { DOCKER_HOST = '' } = await startFakeDocker(context, (_, response) => void begin(response));
    const saving = saveImage('etcd:3', DOCKER_HOST.slice('unix://'.length), options);
    await assert.rejects(saving, { code: 'daemon-unreachable' });
  }
});

test('where no daemon listens it cannot be reached', async (context) => {
  const socket = join(scratch(context), 'docker.sock');
  await assert.rejects(readAll(NAME, { DOCKER_HOST: `unix://${socket}` }), { code: 'daemon-unreachable' });
});

test('a daemon of another machine is not asked', async () => {
  await assert.rejects(readAll(NAME, { DOCKER_HOST: 'tcp://192.0.2.1:2375' }), {
    code: 'transport-unsupported',
  });
});

test('a daemon that never answers can be left', async (context) => {
  const env = await startFakeDocker(context, () => {});
  const source = open(NAME, env);
  const ending = assert.rejects(source.top(), { name: 'AbortError' });
  await source.close();
  await ending;
});
