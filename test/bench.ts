import { execa } from 'execa';
import { type Measurement, measure, measureOften } from './bench/measure.ts';
import { measureOrder } from './bench/order.ts';
import { Host } from './host/host.ts';
import { cacheDirectory } from './images/cache.ts';

// Measures what berth takes, in a throwaway host whose store is on a disk, and prints a table. Times are
// for reading; memory is asserted: an install may not need more for a larger image.

/** Peak of an install, of whatever image. */
const MOST = 250_000_000;

await buildImages();
await using host = await Host.boot({ registry: 'bigfile', storeMiB: 4096 });
const installs = [
  await measure(host, 'berth', 'install', 'bigfile'),
  await measure(host, 'berth', 'install', 'etcd'),
  await measure(host, 'berth', 'install', 'httpd'),
  // From the store.
  await measure(host, 'berth', 'install', '--name', 'again', 'httpd'),
];
const others = [
  await measureOften(host, 'berth', 'list'),
  await measureOften(host, 'berth', '--version'),
  await measureOften(host, process.execPath, '-e', '0'),
];
print([...installs, ...others]);
console.log(
  `\n200 units read from files, checked for cycles and ordered: ${(await measureOrder()).toFixed(2)} s`,
);

const worst = Math.max(...installs.map(({ peakBytes }) => peakBytes));
const verdict = worst < MOST ? 'below' : 'ABOVE';
console.log(
  `\nPeak memory of an install: ${megabytes(worst)}, ${verdict} the ${megabytes(MOST)} that are allowed.`,
);
if (worst >= MOST) process.exitCode = 1;

/** The image of 2 GiB is built only for this, the first time. */
async function buildImages(): Promise<void> {
  const build = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    process.execPath,
    'test/images/build.ts',
    'big',
  ];
  await execa('flock', [`${cacheDirectory()}/lock`, ...build], { stdio: ['ignore', 'inherit', 'inherit'] });
}

function print(measurements: Measurement[]): void {
  const rows = measurements.map(({ command, seconds, peakBytes }) => [
    command.replace(process.execPath, 'node'),
    seconds.toFixed(2),
    megabytes(peakBytes),
  ]);
  for (const [command = '', seconds = '', peak = ''] of [['COMMAND', 'SECONDS', 'PEAK MEMORY'], ...rows]) {
    console.log(`${command.padEnd(32)}${seconds.padStart(8)}${peak.padStart(14)}`);
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
