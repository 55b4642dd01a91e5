import { posix } from 'node:path';
import { invalid, isBind, isObject, refuseOtherCase } from './oci-config.ts';

/** What berth keeps: a service that can write there can change every other service. */
export const OWN = ['/var/lib/berth', '/usr/lib/berth'];

// A mount at these places must be of this kind, or the host's own tree: anything else would give the
// runtime, which writes labels and settings through /proc, files of the image's choosing.
const KERNEL_TREES: Record<string, string[]> = {
  '/proc': ['proc'],
  '/sys': ['sysfs'],
  '/dev': ['tmpfs', 'devtmpfs'],
};

// What runc itself lets be mounted over in /proc, for lxcfs.
const PROC_FILES = [
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/slabinfo',
  '/proc/net/dev',
  '/proc/sys/kernel/ns_last_pid',
];

// Each is compared with all the others when the mount points are made.
const MOST_MOUNTS = 1000;

interface MountShape {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

/** Checks the mounts of a config.json; returns warnings, a sentence each. Throws `runtime-config-invalid`. */
export function checkMounts(mounts: unknown): string[] {
  if (!Array.isArray(mounts)) throw invalid('mounts', 'must be a list');
  if (mounts.length > MOST_MOUNTS) throw invalid('mounts', `more than ${MOST_MOUNTS}`);
  return mounts.flatMap((value: unknown, index) => {
    const where = `mounts[${index}]`;
    const mount = readMount(where, value);
    checkDestination(where, mount);
    // Of an overlay, say.
    if (mount.options.some((option) => OWN.some((own) => option.includes(own)))) {
      throw invalid(where, 'its options name a directory that belongs to berth');
    }
    return isBind(mount) ? checkSource(where, mount) : [];
  });
}

function readMount(where: string, value: unknown): MountShape {
  if (!isObject(value)) throw invalid(where, 'must be an object');
  refuseOtherCase(where, value, ['destination', 'type', 'source', 'options']);
  const { destination, type = '', source = '', options } = value;
  const list = options ?? [];
  const texts = [destination, type, source, ...(Array.isArray(list) ? list : [null])];
  if (!texts.every((text) => typeof text === 'string' && !/\p{Cc}/u.test(text))) {
    throw invalid(where, 'destination, type, source and options must be strings without control characters');
  }
  return {
    destination: String(destination),
    type: String(type),
    source: String(source),
    options: Array.isArray(list) ? list.map(String) : [],
  };
}

function checkDestination(where: string, mount: MountShape): void {
  const { destination } = mount;
  if (!destination.startsWith('/') || destination.split('/').includes('..')) {
    throw invalid(
      where,
      `destination must be an absolute path without "..", not ${JSON.stringify(destination)}`,
    );
  }
  const path = posix.resolve('/', destination);
  if (path === '/') throw invalid(where, 'a mount at / would hide the image');
  const types = KERNEL_TREES[path];
  if (types !== undefined) {
    const host = isBind(mount) && posix.resolve('/', mount.source) === path;
    if (host || (types.includes(mount.type) && !isBind(mount))) return;
    throw invalid(where, `${path} must be of type ${types.join(' or ')}, or the host's ${path}`);
  }
  if (path.startsWith('/proc/') && !PROC_FILES.includes(path)) {
    throw invalid(where, `nothing may be mounted at ${path}`);
  }
}

function checkSource(where: string, { source, options }: MountShape): string[] {
  if (!source.startsWith('/') || source.split('/').includes('..')) {
    throw invalid(
      where,
      `the source of a bind mount must be an absolute path without "..", not ${JSON.stringify(source)}`,
    );
  }
  const path = posix.resolve('/', source);
  const own = OWN.find((directory) => path === directory || path.startsWith(`${directory}/`));
  if (own !== undefined) throw invalid(where, `${path} belongs to berth`);
  const above = OWN.find((directory) => path === '/' || directory.startsWith(`${path}/`));
  // As mount(8) and runtimes have it, the later of two options counts.
  const writable = options.findLast((option) => option === 'ro' || option === 'rw') !== 'ro';
  if (above === undefined || !writable) return [];
  return [`${where} gives the service ${path} to write, and with it ${above}, where all services are kept`];
}
