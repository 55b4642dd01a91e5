import type { Host } from '../../host/host.ts';
import { PLACE, type Scenario, SERVICE } from '../bench.ts';
import { measure, type Run } from '../measure.ts';
import { median, seriesOf } from '../result.ts';

/** Fewer than any layer has: a manifest may come again, content may not. */
const NO_LAYER = 100_000;

/** One more service from an image that is there, and another one in each round. */
export const second: Scenario = {
  name: 'second',
  run: async ({ boot, options, image }) => {
    await using host = await boot();
    const empty = await usedBytes(host);
    await host.sh(`berth install --name ${SERVICE} ${image}`, { timeout: 600_000 });
    const first = (await usedBytes(host)) - empty;
    const runs: Run[] = [];
    const more: number[] = [];
    const network: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const [used, received] = [await usedBytes(host), await receivedBytes(host)];
      runs.push(await measure(host, `berth install --name second${round} ${image}; sync -f ${PLACE}`));
      more.push((await usedBytes(host)) - used);
      network.push((await receivedBytes(host)) - received);
    }
    const install = seriesOf('berth install', runs);
    return [
      {
        title: 'Second service of the same image',
        series: [
          install,
          { subject: 'disk space more', unit: 'bytes', samples: more },
          { subject: 'disk space of the first', unit: 'bytes', samples: [first] },
          { subject: 'bytes over the network', unit: 'bytes', samples: network },
        ],
        goals: [
          { measured: 'time', unit: 's', atMost: 1, value: median(install.samples) },
          { measured: 'disk space, of the first', unit: 'ratio', atMost: 0.02, value: median(more) / first },
          { measured: 'network', unit: 'bytes', atMost: NO_LAYER, value: Math.max(...network) },
        ],
        notes: [],
      },
    ];
  },
};

async function usedBytes(host: Host): Promise<number> {
  return Number(await host.sh(`sync -f ${PLACE}; df --block-size=1 --output=used ${PLACE} | tail -n 1`));
}

/** The registry is on loopback, and nothing else of the host talks there. */
async function receivedBytes(host: Host): Promise<number> {
  return Number(await host.sh(`awk '$1 == "lo:" { print $2 }' /proc/net/dev`));
}
