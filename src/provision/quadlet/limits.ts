import type { Draft } from './draft.ts';
import { type Finding, refused } from './finding.ts';

/** What podman-run(1) calls the limits of setrlimit(2), and systemd.exec(5). */
const ULIMITS: Record<string, string> = {
  core: 'LimitCORE',
  cpu: 'LimitCPU',
  data: 'LimitDATA',
  fsize: 'LimitFSIZE',
  locks: 'LimitLOCKS',
  memlock: 'LimitMEMLOCK',
  msgqueue: 'LimitMSGQUEUE',
  nice: 'LimitNICE',
  nofile: 'LimitNOFILE',
  nproc: 'LimitNPROC',
  rss: 'LimitRSS',
  rtprio: 'LimitRTPRIO',
  rttime: 'LimitRTTIME',
  sigpending: 'LimitSIGPENDING',
  stack: 'LimitSTACK',
};

/** `Memory=20g`: a number with the unit b, k, m or g, of 1024 each, or none. */
export function readMemory(value: string, { resources }: Draft): Finding | undefined {
  const [, number, unit = ''] = /^([0-9]+)([bkmg]?)$/i.exec(value) ?? [];
  if (number === undefined) return refused('not a size', 'write it like Memory=512m');
  resources['MemoryMax'] = number + unit.toUpperCase().replace('B', '');
  return undefined;
}

/** `PidsLimit=100`; 0 and -1 are no limit. */
export function readPidsLimit(value: string, { resources }: Draft): Finding | undefined {
  if (!/^(?:-1|[0-9]+)$/.test(value)) return refused('not a number', 'write it like PidsLimit=100');
  resources['TasksMax'] = Number(value) > 0 ? value : 'infinity';
  return undefined;
}

/** `Ulimit=nofile=1000:10000`. */
export function readUlimit(value: string, { resources }: Draft): Finding | undefined {
  if (value === 'host')
    return refused('a service has limits of its own', 'name each limit: Ulimit=nofile=65536');
  const [, name = '', soft, hard = soft] = /^(\w+)=(-1|[0-9]+)(?::(-1|[0-9]+))?$/.exec(value) ?? [];
  const directive = Object.hasOwn(ULIMITS, name) ? ULIMITS[name] : undefined;
  if (directive === undefined || soft === undefined || hard === undefined) {
    return refused(
      'not a limit',
      `write it like nofile=1000:10000, with one of ${Object.keys(ULIMITS).join(', ')}`,
    );
  }
  const [first, second] = [soft, hard].map((limit) => (limit === '-1' ? 'infinity' : limit));
  resources[directive] = first === second ? String(first) : `${first}:${second}`;
  return undefined;
}
