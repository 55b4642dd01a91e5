import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Recipe } from './recipe.ts';

/** Fills `storage` by pushing an image from its layout to a registry that runs only for that. */
export async function pushImage(recipe: Recipe, layout: string, storage: string): Promise<void> {
  await mkdir(storage, { recursive: true });
  const address = `127.0.0.1:${await freePort()}`;
  const settings = join(storage, '..', 'registry.json');
  // JSON is YAML.
  await writeFile(
    settings,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: address },
    }),
  );
  const registry = execa('docker-registry', ['serve', settings], { reject: false, stdin: 'ignore' });
  try {
    await untilItAnswers(address);
    for (const tag of recipe.tags) {
      await push(recipe, `oci:${layout}:${recipe.name}`, `docker://${address}/${recipe.name}:${tag}`);
    }
  } finally {
    registry.kill();
    await registry;
    await rm(settings);
  }
}

async function push(recipe: Recipe, source: string, destination: string): Promise<void> {
  const options = [
    '--quiet',
    '--dest-tls-verify=false',
    '--dest-no-creds',
    ...(recipe.format === 'index' ? ['--all'] : []),
  ];
  const format = recipe.format === 'docker' ? ['--format', 'v2s2'] : [];
  // Nothing of this machine's configuration decides: neither its policy nor its registries nor its logins.
  await execa('skopeo', ['--insecure-policy', 'copy', ...options, ...format, source, destination], {
    env: { CONTAINERS_REGISTRIES_CONF: '/dev/null' },
    stdin: 'ignore',
  });
}

async function untilItAnswers(address: string): Promise<void> {
  for (let tries = 0; tries < 250; tries += 1) {
    // Refused until it listens.
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await sleep(40);
  }
  throw new Error(`docker-registry does not answer on ${address}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('no free port');
  }
  return address.port;
}
