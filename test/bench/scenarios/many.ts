import type { Host } from '../../host/host.ts';
import { type Scenario, timeInTurns } from '../bench.ts';
import { clock, measure, type Run } from '../measure.ts';
import { median, type Result, type Series, seriesOf } from '../result.ts';

/** Of some size, so that there is something to share. */
const IMAGE = 'bench-small';

/** Installs around the 10th, and last ones, whose median is taken. */
const NEIGHBOURS = 6;

/** Many services of one image: what each costs, what a list and the status of them cost, what they share once they run. */
export const many: Scenario = {
  name: 'many',
  run: async ({ host, options }) => {
    const { services, started } = options.quick
      ? { services: 20, started: 12 }
      : { services: 200, started: 50 };
    // The image is there already: what it costs to bring it is no cost of a service.
    await host.sh(`berth pull ${IMAGE}`);
    const installs: Run[] = [];
    for (let number = 1; number <= services; number += 1) {
      installs.push(await measure(host, `berth install --name s${number} ${IMAGE}`));
    }
    const reports = await timeInTurns(options.rounds * 2, {
      'berth list': () => clock(host, 'berth list'),
      'berth status': () => clock(host, 'berth status'),
    });
    return [costs(installs, services), reporting(reports, services), await sharing(host, services, started)];
  },
};

function costs(installs: Run[], services: number): Result {
  const early = seriesOf('those around the 10th', installs.slice(6, 6 + NEIGHBOURS));
  const late = seriesOf(`the last ${NEIGHBOURS} of ${services}`, installs.slice(-NEIGHBOURS));
  return {
    title: `${services} services, cost of each`,
    series: [early, late],
    goals: [
      {
        measured: 'time of the last, of the 10th',
        unit: 'ratio',
        atMost: 1.2,
        value: median(late.samples) / median(early.samples),
      },
    ],
    notes: ['Each by a command of its own: there is none yet that installs many different services at once.'],
  };
}

function reporting(series: Series[], services: number): Result {
  return {
    title: `Reports on ${services} services`,
    series,
    goals: series.map(({ subject, samples }) => ({
      measured: `time of ${subject}`,
      unit: 's',
      atMost: 0.25,
      value: median(samples),
    })),
    notes: [],
  };
}

async function sharing(host: Host, services: number, started: number): Promise<Result> {
  const names = Array.from({ length: services - started }, (_, index) => `s${index + started + 1}`);
  await host.sh(`systemctl disable ${names.join(' ')}`);
  await host.reboot();
  const [copies, real] = await mappedFiles(host, started);
  return {
    title: `Boot with ${started} services of one image`,
    series: [
      { subject: 'memory for mapped files', unit: 'bytes', samples: [real] },
      { subject: `as ${started} copies`, unit: 'bytes', samples: [copies] },
    ],
    goals: [{ measured: 'of the copies', unit: 'ratio', atMost: 0.1, value: real / copies }],
    notes: ['What the services’ processes map of files: resident size, and proportional set size.'],
  };
}

/** Bytes of mapped files of the services' processes: each for itself, and every page divided by who shares it. */
async function mappedFiles(host: Host, started: number): Promise<[number, number]> {
  const output = await host.sh(`
    for group in /sys/fs/cgroup/system.slice/s*.service/payload; do
      pid=$(head -n 1 $group/cgroup.procs)
      grep -h -e ^RssFile -e ^Pss_File /proc/$pid/status /proc/$pid/smaps_rollup
    done`);
  const sum = (name: string) => {
    const found = Array.from(output.matchAll(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'gm')), ([, kibibytes]) =>
      Number(kibibytes),
    );
    if (found.length !== started) throw new Error(`${found.length} services run, not ${started}`);
    return found.reduce((total, kibibytes) => total + kibibytes * 1024, 0);
  };
  return [sum('RssFile'), sum('Pss_File')];
}
