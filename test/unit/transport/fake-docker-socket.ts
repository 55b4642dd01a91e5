import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scratch } from '../layer/scratch.ts';

/** A Docker daemon that answers as a test wants it; returns the environment in which it is the one. */
export async function startFakeDocker(
  context: TestContext,
  answer: RequestListener,
): Promise<NodeJS.ProcessEnv> {
  const socket = join(scratch(context), 'docker.sock');
  const server = createServer(answer).listen(socket);
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { DOCKER_HOST: `unix://${socket}` };
}
