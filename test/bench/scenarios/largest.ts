import { type Scenario, SERVICE } from '../bench.ts';
import { measure } from '../measure.ts';
import { type Goal, seriesOf } from '../result.ts';

/** Memory may not grow with an image. */
export const largest: Scenario = {
  name: 'largest',
  run: async ({ boot, options }) => {
    const title = 'Install of an image with a file of 2 GiB';
    const goal: Goal = { measured: 'peak memory', unit: 'bytes', atMost: 200e6, value: null };
    if (options.quick) return [{ title, series: [], goals: [goal], notes: ['Not in a quick run.'] }];
    await using host = await boot();
    const install = seriesOf('berth install', [
      await measure(host, `berth install --name ${SERVICE} bigfile`),
    ]);
    return [{ title, series: [install], goals: [{ ...goal, value: install.peakBytes ?? null }], notes: [] }];
  },
};
