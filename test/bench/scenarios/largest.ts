import type { Host } from '../../host/host.ts';
import { type Bench, type Scenario, SERVICE } from '../bench.ts';
import { measure } from '../measure.ts';
import { GZIP, putRandomLayers, WIDE_ZSTD } from '../random-layers.ts';
import { type Goal, type Result, seriesOf } from '../result.ts';

/** Images that ask for memory, and what puts each into a host; it returns the reference. */
const IMAGES: Record<string, (host: Host) => Promise<string>> = {
  'a file of 2 GiB': async () => 'bigfile',
  '20 layers': (host) => putRandomLayers(host, 'many', { layers: 20, bytes: 12e6, packing: GZIP }),
  'zstd windows of 64 MiB': (host) =>
    putRandomLayers(host, 'wide', { layers: 3, bytes: 100e6, packing: WIDE_ZSTD }),
};

/** Memory may not grow with an image. */
export const largest: Scenario = {
  name: 'largest',
  run: async (bench) => {
    const results: Result[] = [];
    for (const [what, put] of Object.entries(IMAGES)) results.push(await measureMemory(bench, what, put));
    return results;
  },
};

async function measureMemory(
  { boot, options }: Bench,
  what: string,
  put: (host: Host) => Promise<string>,
): Promise<Result> {
  const title = `Install of an image with ${what}`;
  const goal: Goal = { measured: 'peak memory', unit: 'bytes', atMost: 200e6, value: null };
  if (options.quick) return { title, series: [], goals: [goal], notes: ['Not in a quick run.'] };
  await using host = await boot();
  const image = await put(host);
  const install = seriesOf('berth install', [
    await measure(host, `berth install --name ${SERVICE} ${image}`),
  ]);
  return { title, series: [install], goals: [{ ...goal, value: install.peakBytes ?? null }], notes: [] };
}
