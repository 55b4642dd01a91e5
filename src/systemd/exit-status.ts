import { constants } from 'node:os';

// systemd.exec(5), "Process Exit Codes": what systemd itself exits with before the program runs.
const NAMES: Record<number, string> = {
  200: 'CHDIR',
  201: 'NICE',
  202: 'FDS',
  203: 'EXEC',
  204: 'MEMORY',
  205: 'LIMITS',
  206: 'OOM_ADJUST',
  207: 'SIGNAL_MASK',
  208: 'STDIN',
  209: 'STDOUT',
  210: 'CHROOT',
  211: 'IOPRIO',
  213: 'SECUREBITS',
  214: 'SETSCHEDULER',
  215: 'CPUAFFINITY',
  216: 'GROUP',
  217: 'USER',
  218: 'CAPABILITIES',
  219: 'CGROUP',
  220: 'SETSID',
  221: 'CONFIRM',
  222: 'STDERR',
  224: 'PAM',
  225: 'NETWORK',
  226: 'NAMESPACE',
  227: 'NO_NEW_PRIVILEGES',
  228: 'SECCOMP',
  229: 'SELINUX_CONTEXT',
  230: 'PERSONALITY',
  231: 'APPARMOR_PROFILE',
  232: 'ADDRESS_FAMILIES',
  233: 'RUNTIME_DIRECTORY',
  235: 'CHOWN',
  236: 'SMACK_PROCESS_LABEL',
  237: 'KEYRING',
  238: 'STATE_DIRECTORY',
  239: 'CACHE_DIRECTORY',
  240: 'LOGS_DIRECTORY',
  241: 'CONFIGURATION_DIRECTORY',
  242: 'NUMA_POLICY',
  243: 'CREDENTIALS',
  245: 'BPF',
};

/** How a process ended, as waitid(2) says it: `code` is CLD_EXITED (1), CLD_KILLED (2) or CLD_DUMPED (3). */
export interface ProcessEnd {
  code: number;
  status: number;
}

export function isFailure(end: ProcessEnd): boolean {
  return end.code > 1 || (end.code === 1 && end.status !== 0);
}

/** `exit status 203/EXEC`, `signal 9/SIGKILL`, as systemctl status words it. */
export function describeEnd(end: ProcessEnd): string {
  if (end.code !== 1) {
    const signal = Object.entries(constants.signals).find(([, number]) => number === end.status)?.[0];
    const dumped = end.code === 3 ? ', core dumped' : '';
    return `signal ${end.status}${signal === undefined ? '' : `/${signal}`}${dumped}`;
  }
  const name = NAMES[end.status];
  return `exit status ${end.status}${name === undefined ? '' : `/${name}`}`;
}
