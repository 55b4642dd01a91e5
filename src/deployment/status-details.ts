import type { ListeningSocket } from '../linux/listening-sockets.ts';
import type { Paths } from '../paths.ts';
import { type JournalEntry, readJournal } from '../systemd/follow-journal.ts';
import type { Snapshot } from '../systemd/snapshot.ts';
import { unitSockets } from '../systemd/unit-sockets.ts';
import type { DeploymentRecord } from './record.ts';
import { compareHostFiles } from './verify/compare-host-files.ts';

/** What takes time to find out, so that it is told of services that are named. */
export interface StatusDetails {
  /** What systemd listens on for it. */
  sockets: ({ unit: string } & ListeningSocket)[];
  /** Files on the host that are not as they were installed. */
  drift: { path: string; what: string }[];
  /** What its units logged last, and systemd about them. */
  log: JournalEntry[];
}

interface DetailsHost {
  paths: Paths;
  systemd: Snapshot;
  /** Of the log. */
  lines: number;
  signal: AbortSignal;
}

/** Throws `systemd-unreachable`, `systemd-refused`. */
export async function readDetails(
  record: DeploymentRecord,
  { paths, systemd, lines, signal }: DetailsHost,
): Promise<StatusDetails> {
  const sockets: StatusDetails['sockets'] = [];
  for (const unit of record.units.filter((name) => systemd.live && name.endsWith('.socket'))) {
    sockets.push(...(await unitSockets(unit)).map((socket) => ({ unit, ...socket })));
  }
  const drift: StatusDetails['drift'] = [];
  compareHostFiles({
    paths: paths.sideOf(record),
    record,
    mending: 'none',
    report: (path, what) => drift.push({ path, what }),
    kept: () => {},
  });
  const log: JournalEntry[] = [];
  // Without a unit to look for, journalctl would show all there is.
  if (record.units.length > 0 && lines > 0) {
    for await (const entry of readJournal({ units: record.units, root: paths.root, lines }, signal))
      log.push(entry);
  }
  return { sockets, drift, log };
}
