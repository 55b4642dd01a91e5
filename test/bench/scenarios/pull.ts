import { type Bench, PLACE, type Scenario, takeTurns } from '../bench.ts';
import { megabytes } from '../format.ts';
import { measure, type Run } from '../measure.ts';
import { ablePeers, describeImage } from '../peers.ts';
import { type Goal, type Result, ratioGoal, seriesOf } from '../result.ts';

/** At most so much of what a peer takes, by its name. */
type Ratios = Record<string, number>;

/** Whatever the image: the kernel counts the mapped program too. */
const MOST_MEMORY = 200e6;

/** Images that come from a registry, onto the disk and synced. */
export const pulls: Scenario[] = [
  scenario('install', '', 'Cold install, several gzip layers', {
    'podman pull': 0.45,
    'skopeo + umoci': 0.35,
  }),
  scenario('gzip', '-gzip', 'Cold install, one gzip layer', { 'podman pull': 0.6 }),
  scenario('zstd', '-zstd', 'Cold install, one zstd layer', { 'podman pull': 0.5 }),
];

function scenario(name: string, suffix: string, title: string, ratios: Ratios): Scenario {
  return {
    name,
    run: async (bench) => [await comparePulls(bench, bench.image + suffix, title, ratios)],
  };
}

async function comparePulls(
  { boot, options }: Bench,
  name: string,
  title: string,
  ratios: Ratios,
): Promise<Result> {
  const { image, able, notes } = await choosePeers(boot, name);
  const runs = new Map<string, Run[]>(able.map(({ name }) => [name, []]));
  await takeTurns(options.rounds, able, async ({ name, command }) => {
    await using host = await boot();
    runs.get(name)?.push(await measure(host, `${command(image)}\nsync -f ${PLACE}`));
  });
  const series = [...runs].map(([name, of]) => seriesOf(name, of));
  const [berth] = series;
  const find = (name: string) => series.find(({ subject }) => subject === name);
  const memory: Goal = {
    measured: 'peak memory',
    unit: 'bytes',
    atMost: MOST_MEMORY,
    value: berth?.peakBytes ?? null,
  };
  const size = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  return {
    title,
    series,
    goals: [
      ...Object.entries(ratios).map(([name, atMost]) => ratioGoal(berth, find(name), atMost, `of ${name}`)),
      memory,
    ],
    notes: [`${image.name}, ${megabytes(size)} compressed, layers: ${image.layers.length}.`, ...notes],
  };
}

async function choosePeers(boot: Bench['boot'], name: string) {
  await using host = await boot();
  const image = await describeImage(host, name);
  return { image, ...(await ablePeers(host, image)) };
}
