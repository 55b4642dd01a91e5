import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../host/checkout.ts';
import type { Host } from '../../host/host.ts';
import { type Bench, PLACE, SERVICE } from '../bench.ts';
import { measure } from '../measure.ts';
import { readStages } from './read-profile.ts';
import { WAITING } from './stages.ts';

/** Seconds that a stage must take to be shown. */
const LEAST = 0.005;

/**
 * Where the time of a cold install goes, as a table of stages by threads. The profiles, for any viewer of
 * them, are written below `output`. It runs from the sources, because a bundle has forgotten its files.
 */
export async function profileInstall(boot: Bench['boot'], image: string, output: string): Promise<string> {
  const inside = '/tmp/profile';
  // Once without, so that the image is in memory for the registry, as it is in the bench.
  const plain = await installPlain(boot, image);
  await using host = await boot();
  await host.sh(`mkdir ${inside}`);
  const preload = join(CHECKOUT, 'test/bench/profile/record-profile.ts');
  const berth = `BENCH_PROFILE=${inside} ${process.execPath} --disable-warning=ExperimentalWarning --import ${preload} ${CHECKOUT}/src/main.ts`;
  const profiled = await install(host, image, berth);
  const directory = join(output, 'profile');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const files = readdirSync(host.path(inside)).sort();
  for (const file of files) writeFileSync(join(directory, file), readFileSync(host.path(join(inside, file))));
  const threads = new Map(
    files.map((file) => [file.replace('.cpuprofile', ''), readStages(join(directory, file))]),
  );
  const busy = [...threads.values()].flatMap((stages) => [...stages]).filter(([stage]) => stage !== WAITING);
  const seen = busy.reduce((sum, [, seconds]) => sum + seconds, 0);
  return [
    ...tableOf(threads),
    '',
    `${image}: ${profiled.seconds.toFixed(2)} s, ${profiled.cpuSeconds.toFixed(2)} s of CPU; without the profile and bundled ${plain.seconds.toFixed(2)} s, ${plain.cpuSeconds.toFixed(2)} s of CPU.`,
    `These threads were busy for ${seen.toFixed(2)} s together, blocking calls included. Node's own threads, which help to inflate and to write, are not among them.`,
    `Profiles: ${directory}/*.cpuprofile`,
  ].join('\n');
}

async function installPlain(boot: Bench['boot'], image: string) {
  await using host = await boot();
  return await install(host, image, 'berth');
}

async function install(host: Host, image: string, berth: string) {
  return await measure(host, `${berth} install --name ${SERVICE} ${image}; sync -f ${PLACE}`);
}

function tableOf(threads: Map<string, Map<string, number>>): string[] {
  const all = [...threads.values()];
  const total = (stage: string) => all.reduce((sum, stages) => sum + (stages.get(stage) ?? 0), 0);
  const stages = [...new Set(all.flatMap((each) => [...each.keys()]))]
    .filter((stage) => total(stage) >= LEAST)
    .sort((a, b) => total(b) - total(a));
  const line = (name: string, cells: string[]) =>
    name.padEnd(32) + cells.map((cell) => cell.padStart(12)).join('');
  return [
    line('SECONDS', [...threads.keys()]),
    ...stages.map((stage) =>
      line(
        stage,
        all.map((each) => (each.get(stage) ?? 0).toFixed(2)),
      ),
    ),
  ];
}
