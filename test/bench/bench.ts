import { Host } from '../host/host.ts';
import type { Options } from './options.ts';
import type { Result, Series } from './result.ts';

/** Where other tools put what they make: on the file system of berth's store. */
export const PLACE = '/var/lib/berth/bench';

export const REGISTRY = '127.0.0.1:5000';

/** The service that scenarios install. */
export const SERVICE = 'bench';

/** podman with a storage of its own, and with berth's runtime so that no other one decides. */
export const PODMAN = `podman --root ${PLACE}/podman --runroot /run/bench-podman --runtime runc`;

/** What to measure, and hosts to measure it in. */
export interface Bench {
  /** A new host with a file system of its own: on one where files were just removed, ext4 makes new ones slowly. */
  boot(): Promise<Host>;
  options: Options;
  /** `bench`, or `bench-small`: what the names of the images begin with. */
  image: string;
}

/** A part of the bench, in hosts of its own. */
export interface Scenario {
  name: string;
  run(bench: Bench): Promise<Result[]>;
}

export async function bootHost(): Promise<Host> {
  const host = await Host.boot({ registry: 'bigfile', storeMiB: 8192 });
  await host.sh(`mkdir ${PLACE}`);
  return host;
}

/** Runs what is to be compared in turns, each time beginning with another one: what disturbs hits all alike. */
export async function takeTurns<Subject>(
  rounds: number,
  subjects: readonly Subject[],
  run: (subject: Subject) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const index of subjects.keys()) {
      const subject = subjects[(round + index) % subjects.length];
      if (subject !== undefined) await run(subject);
    }
  }
}

/** Takes the times of contenders in turns; each returns its seconds. */
export async function timeInTurns(
  rounds: number,
  contenders: Record<string, () => Promise<number>>,
): Promise<Series[]> {
  const series = Object.keys(contenders).map((subject): Series => ({ subject, unit: 's', samples: [] }));
  await takeTurns(rounds, series, async ({ subject, samples }) => {
    samples.push((await contenders[subject]?.()) ?? Number.NaN);
  });
  return series;
}
