import type { Host } from '../../host/host.ts';
import { type Bench, PLACE, PODMAN, REGISTRY, type Scenario, SERVICE } from '../bench.ts';
import { measure, type Run } from '../measure.ts';
import { ratioGoal, seriesOf } from '../result.ts';

/** Of what a restart takes: the clock of a busy machine is not finer. */
const EQUAL = 1.1;

/** A running service gets an image whose last layer, of 10 MB, has changed. */
export const update: Scenario = {
  name: 'update',
  run: async ({ boot, options, image }) => {
    const installs: Run[] = [];
    const updates: Run[] = [];
    const pulls: Run[] = [];
    const downtimes: number[] = [];
    const restarts: number[] = [];
    const lateRestarts: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const [now, next] = [`${image}-release`, `${image}-next`];
      await using host = await boot();
      installs.push(await measure(host, `berth install --name ${SERVICE} ${now}; sync -f ${PLACE}`));
      await host.sh(`systemctl start ${SERVICE}`);
      updates.push(
        await measure(host, `berth update --soak 0 --rebase ${next} ${SERVICE}; sync -f ${PLACE}`),
      );
      downtimes.push(await downtime(host));
      await host.sh(`systemctl restart ${SERVICE}`);
      restarts.push(await downtime(host));
      await host.sh(`sleep 2; systemctl restart ${SERVICE}`);
      lateRestarts.push(await downtime(host));
      pulls.push(await pullByPodman(boot, now, next));
    }
    const [install, swap] = [seriesOf('berth install', installs), seriesOf('berth update', updates)];
    const down = { subject: 'service away, update', unit: 's' as const, samples: downtimes };
    const restart = { subject: 'service away, systemctl restart', unit: 's' as const, samples: restarts };
    const late = { subject: 'service away, restart 2 s later', unit: 's' as const, samples: lateRestarts };
    return [
      {
        title: 'Update, one layer of 10 MB changed',
        series: [swap, install, seriesOf('podman pull of the update', pulls), down, restart, late],
        goals: [
          ratioGoal(swap, install, 0.25, 'of the cold install'),
          ratioGoal(down, restart, EQUAL, 'downtime, of a restart'),
        ],
        notes: [
          'The update runs with --soak 0: without watching the new version afterwards.',
          'The restart follows the update at once: the kernel is then still quick to move processes between cgroups.',
        ],
      },
    ];
  },
};

async function pullByPodman(boot: Bench['boot'], now: string, next: string): Promise<Run> {
  await using host = await boot();
  const pull = `${PODMAN} pull --quiet --tls-verify=false docker://${REGISTRY}`;
  await host.sh(`${pull}/${now}`, { timeout: 600_000 });
  return await measure(host, `${pull}/${next}; sync -f ${PLACE}`);
}

/** Seconds from when systemd began to stop the service to when it was up again. */
async function downtime(host: Host): Promise<number> {
  const properties = ['ActiveExit', 'ActiveEnter'].map((name) => `--property ${name}TimestampMonotonic`);
  // By name, whatever their order.
  const output = await host.sh(`systemctl show ${SERVICE} ${properties.join(' ')}`);
  const at = (name: string) =>
    Number(new RegExp(`^${name}TimestampMonotonic=(\\d+)$`, 'm').exec(output)?.[1]);
  return (at('ActiveEnter') - at('ActiveExit')) / 1e6;
}
