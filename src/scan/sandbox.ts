import { lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quoteExecLine } from '../systemd/unit-quote.ts';
import type { Scanner } from './scanner.ts';

/** What programs need beside /usr, and nobody must keep from them. */
const READ = ['/etc/alternatives', '/etc/group', '/etc/ld.so.cache', '/etc/nsswitch.conf', '/etc/passwd'];
const READ_WITH_NETWORK = ['/etc/ca-certificates', '/etc/hosts', '/etc/resolv.conf', '/etc/ssl/certs'];

/** Where older hosts have programs and libraries; elsewhere they are symlinks into /usr. */
const BESIDE_USR = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** Where scanners may write, in memory. */
const WRITABLE = ['/tmp', '/var/tmp', '/run', '/dev/shm'];

/** Of the range that systemd leaves unused (65520 to 65533): nobody else is this user. */
const USER = 65532;

/** What becomes the scanner, once it has given up all rights but to read every file that it sees. */
export const GIVE_UP = [
  '/usr/bin/setpriv',
  ...[`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--no-new-privs'],
  ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+dac_read_search`),
  '--',
];

/** Bytes of a report that are kept. */
export const LARGEST_REPORT = 4 << 20;

/** Where a scanner sees what it looks at, and where it may write its report. */
export const SCANNED = '/rootfs';
export const OUTPUT = '/output';

/** Where it is told how the scanner ended, which the scanner cannot write. */
const END = '/end';

/** Paths without white space and ":", as berth makes them. */
export interface Sandbox {
  /** What is to be scanned. */
  tree: string;
  /** An empty directory, which becomes the root of the scanner. */
  root: string;
  /** An empty file, for the report. */
  report: string;
  /** An empty file, which gets three words: $SERVICE_RESULT, $EXIT_CODE and $EXIT_STATUS of systemd.exec(5). */
  end: string;
}

/**
 * Makes the root of a scanner, and returns the lines of a unit that shut it in there, once it begins by `GIVE_UP`.
 * Scanner and tree are hostile to each other and to the host: the scanner is a user of its own that can read every file
 * it sees, and sees those of the tree, /usr and what is declared; it can change nothing but its report and files in
 * memory, and has no network unless declared.
 */
export function makeSandbox({ tree, root, report, end }: Sandbox, scanner: Scanner): string[] {
  mkdirSync(root, { mode: 0o755 });
  mkdirSync(join(root, SCANNED));
  for (const file of [OUTPUT, END]) writeFileSync(join(root, file), '');
  const { network, reads, memory, timeLimit } = scanner;
  const seen = [...READ, ...(network ? READ_WITH_NETWORK : []), ...reads];
  return [
    `RootDirectory=${root}`,
    'MountAPIVFS=yes',
    'BindReadOnlyPaths=/usr',
    ...besideUsr(root).map((path) => `BindReadOnlyPaths=${path}`),
    ...seen.map((path) => `BindReadOnlyPaths=-${path}`),
    `BindReadOnlyPaths=${tree}:${SCANNED}:norbind`,
    `BindPaths=${report}:${OUTPUT}`,
    `BindPaths=${end}:${END}`,
    // The status of systemd-run does not tell one that is the scanner's from its own.
    `ExecStopPost=+${quoteExecLine(['/bin/sh', '-c', TELL_END])}`,
    ...WRITABLE.map((path) => `TemporaryFileSystem=${path}:mode=1777,size=${memory}`),
    'WorkingDirectory=/',
    'Environment=LC_ALL=C.UTF-8 HOME=/tmp',
    // The others are for setpriv: systemd runs nothing as a user without a name, and DynamicUser= writes to the
    // host's own /tmp.
    'CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETGID CAP_SETPCAP CAP_SETUID',
    // It lacks open_by_handle_at, by which who may read every file leaves any root directory.
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
    'SystemCallArchitectures=native',
    `PrivateNetwork=${network ? 'no' : 'yes'}`,
    `RestrictAddressFamilies=AF_UNIX${network ? ' AF_INET AF_INET6' : ''}`,
    `RuntimeMaxSec=${timeLimit}`,
    'TimeoutStopSec=5',
    `MemoryMax=${memory}`,
    'MemorySwapMax=0',
    'TasksMax=256',
    `LimitFSIZE=${memory}`,
    'LimitCORE=0',
    'ProtectProc=invisible',
    `ReadWritePaths=${OUTPUT}`,
    ...YES.map((property) => `${property}=yes`),
    'ProtectSystem=strict',
  ];
}

const TELL_END = `echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" >${END}`;

const YES = [
  'NoNewPrivileges',
  'PrivateDevices',
  'PrivateMounts',
  'ProtectControlGroups',
  'ProtectKernelLogs',
  'ProtectKernelModules',
  'ProtectKernelTunables',
  'ProtectClock',
  'ProtectHostname',
  'RestrictNamespaces',
  'RestrictRealtime',
  'RestrictSUIDSGID',
  'LockPersonality',
];

/** Makes the symlinks that lead into /usr, and returns what is a directory instead. */
function besideUsr(root: string): string[] {
  return BESIDE_USR.filter((name) => {
    const found = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(root, name));
    return found?.isDirectory() === true;
  }).map((name) => `/${name}`);
}
