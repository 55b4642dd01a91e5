import type { Host } from '../../host/host.ts';
import { type Scenario, takeTurns, timeInTurns } from '../bench.ts';
import { clock, measure, type Run } from '../measure.ts';
import { median, type Result, type Series, seriesOf } from '../result.ts';

/** Of some size, so that there is something to share. */
const IMAGE = 'bench-small';

/** How many services one command makes: what the first ones cost, and the last ones, is the difference of two. */
interface Sizes {
  early: [number, number];
  late: [number, number];
  /** Of all of them, those that start at boot. */
  started: number;
}

/** Many services of one image: what each costs, what a list and the status of them cost, what they share once they run. */
export const many: Scenario = {
  name: 'many',
  run: async ({ boot, options }) => {
    const sizes: Sizes = options.quick
      ? { early: [1, 10], late: [10, 20], started: 12 }
      : { early: [1, 20], late: [100, 200], started: 50 };
    const runs = new Map<number, Run[]>([...sizes.early, ...sizes.late].map((size) => [size, []]));
    // Hundreds of services in each round: fewer rounds than others need.
    await takeTurns(Math.ceil(options.rounds / 2), [...runs], async ([size, of]) => {
      await using host = await boot();
      of.push(await applyServices(host, size, sizes.started));
    });
    await using host = await boot();
    const services = sizes.late[1];
    runs.get(services)?.push(await applyServices(host, services, sizes.started));
    const idle = await timeReports(host, options.rounds * 2);
    await host.sh('systemctl start $(berth list --quiet)');
    const running = await timeReports(host, options.rounds * 2);
    // systemd says of each what it does, on a console that nobody reads and that takes only so much.
    await host.sh('systemctl stop $(berth list --quiet)');
    return [
      costs(runs, sizes),
      reporting(`Reports on ${services} services`, idle),
      reporting(`Reports on ${services} services that run`, running),
      await sharing(host, sizes.started),
    ];
  },
};

function timeReports(host: Host, rounds: number): Promise<Series[]> {
  return timeInTurns(rounds, {
    'berth list': () => clock(host, 'berth list'),
    'berth status': () => clock(host, 'berth status'),
  });
}

/** Makes so many services by one command. The image is there already: what it costs to bring it is no cost of a service. */
async function applyServices(host: Host, services: number, started: number): Promise<Run> {
  const declared = Array.from(
    { length: services },
    (_, index) => `  s${index + 1}: { image: ${IMAGE}, started: false, enabled: ${index < started} }`,
  );
  await host.sh(`berth pull ${IMAGE}
    cat >/root/host.yaml <<'END'\n${['version: 1', 'services:', ...declared].join('\n')}\nEND`);
  return await measure(host, 'berth apply -f /root/host.yaml; sync -f /var/lib/berth');
}

function costs(runs: Map<number, Run[]>, { early, late }: Sizes): Result {
  const all = [...runs].map(([size, of]) => seriesOf(`berth apply of ${size}`, of));
  const time = (size: number) => median((runs.get(size) ?? []).map(({ seconds }) => seconds));
  const each = ([from, to]: [number, number]) => (time(to) - time(from)) / (to - from);
  const [first, last] = [each(early), each(late)];
  const words = ([from, to]: [number, number]) => `each, from number ${from + 1} to ${to}`;
  return {
    title: `${late[1]} services by one berth apply`,
    series: [
      ...all,
      { subject: words(early), unit: 's', samples: [first] },
      { subject: words(late), unit: 's', samples: [last] },
    ],
    goals: [{ measured: 'time of the last, of the first', unit: 'ratio', atMost: 1.2, value: last / first }],
    notes: ['What each of them costs is a difference of two medians. The services are not started.'],
  };
}

function reporting(title: string, series: Series[]): Result {
  return {
    title,
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

async function sharing(host: Host, started: number): Promise<Result> {
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
