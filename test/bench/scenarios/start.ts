import type { Host } from '../../host/host.ts';
import { PODMAN, REGISTRY, type Scenario, SERVICE, timeInTurns } from '../bench.ts';
import { clock } from '../measure.ts';
import { ratioGoal } from '../result.ts';

const IMAGE = 'sleeper';
const CURRENT = `/var/lib/berth/deployments/${SERVICE}/current`;

/** As `podman generate systemd --new` writes it; its runtime and its network are those of the other unit. */
const PODMAN_UNIT = `[Service]
Type=notify
NotifyAccess=all
Delegate=yes
ExecStart=/usr/bin/${PODMAN} run --name podman-bench --replace --rm --detach --cgroups=no-conmon --sdnotify=conmon --network host --pids-limit -1 ${REGISTRY}/${IMAGE}
ExecStop=/usr/bin/${PODMAN} stop --ignore --time 0 podman-bench
ExecStopPost=/usr/bin/${PODMAN} rm --force --ignore podman-bench
SuccessExitStatus=137
`;

/** A default unit from its start to READY, and what stays in memory beside the container's processes. */
export const start: Scenario = {
  name: 'start',
  run: async ({ boot, options }) => {
    await using host = await boot();
    await host.sh(`berth install --no-enable --name ${SERVICE} ${IMAGE}
      ${PODMAN} pull --quiet --tls-verify=false docker://${REGISTRY}/${IMAGE}
      cat >/etc/systemd/system/podman-bench.service <<'END'\n${PODMAN_UNIT}END
      systemctl daemon-reload`);
    const beside = { unit: [] as number[], podman: [] as number[] };
    const series = await timeInTurns(options.rounds * 3, {
      'systemctl start, default unit': () => tryUnit(host, SERVICE, beside.unit),
      'runc run --detach': async () => {
        const command = `runc run --detach --pid-file /run/bare.pid --bundle ${CURRENT} bare`;
        const seconds = await clock(host, command);
        await host.sh('runc delete --force bare');
        return seconds;
      },
      'podman run in a unit': () => tryUnit(host, 'podman-bench', beside.podman),
    });
    const [unit, bare, podman] = series;
    return [
      {
        title: 'From start to READY',
        series,
        goals: [
          ratioGoal(unit, bare, 1.15, 'of bare runc run'),
          ratioGoal(unit, podman, 0.5, 'of podman run in a unit'),
        ],
        notes: [
          `${IMAGE} is ready at once. Units by systemd's own clock: from leaving inactive to active. podman with runc and the host's network, as the unit of berth has them.`,
        ],
      },
      {
        title: "Memory beside the container's processes",
        series: [
          { subject: 'default unit of berth', unit: 'bytes', samples: beside.unit },
          { subject: 'podman run in a unit', unit: 'bytes', samples: beside.podman },
        ],
        goals: [{ measured: 'memory', unit: 'bytes', atMost: 0, value: Math.max(...beside.unit) }],
        notes: ["Proportional set size of all processes of the unit but the container's own."],
      },
    ];
  },
};

/** Seconds from when a unit left inactive to when it was active; adds to `beside` what is in memory then. */
async function tryUnit(host: Host, unit: string, beside: number[]): Promise<number> {
  await host.sh(`systemctl start ${unit}`);
  const show = (name: string) => `$(systemctl show --value --property ${name}TimestampMonotonic ${unit})`;
  const microseconds = Number(await host.sh(`echo $((${show('ActiveEnter')} - ${show('InactiveExit')}))`));
  beside.push(await memoryBeside(host, unit));
  await host.sh(`systemctl stop ${unit}`);
  return microseconds / 1e6;
}

/** Bytes of what runs in the unit's cgroup and has its root file system from the host. */
async function memoryBeside(host: Host, unit: string): Promise<number> {
  const group = `/sys/fs/cgroup/system.slice/${unit}.service`;
  const output = await host.sh(`
    for pid in $(find ${group} -name cgroup.procs -exec cat {} +); do
      if [ /proc/$pid/ns/mnt -ef /proc/1/ns/mnt ]; then cat /proc/$pid/smaps_rollup; fi
    done`);
  return Array.from(
    output.matchAll(/^Pss: +(\d+) kB$/gm),
    ([, kibibytes]) => Number(kibibytes) * 1024,
  ).reduce((sum, bytes) => sum + bytes, 0);
}
