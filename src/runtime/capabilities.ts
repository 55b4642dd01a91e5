import { readFileSync } from 'node:fs';
import { BerthError } from '../errors.ts';

/** OCI runtime spec, config.md, "Linux Process": the five sets of capabilities(7). */
export interface CapabilitySets {
  bounding: string[];
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
}

// Enough to take a port, drop to another user and own one's files; nothing that reaches the host.
const OF_ROOT = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/**
 * What a service may do without being asked. Another user than root has none, except that it may
 * listen on a low port that its image exposes: on the host's network nothing else would allow it.
 */
export function defaultCapabilities(uid: number, exposedPorts: readonly string[]): CapabilitySets {
  if (uid === 0) {
    // Inheritable stays empty: programs with file capabilities must not gain from it (CVE-2022-24769).
    return { bounding: OF_ROOT, effective: OF_ROOT, permitted: OF_ROOT, inheritable: [], ambient: [] };
  }
  const low = exposedPorts.some((port) => Number.parseInt(port, 10) < 1024);
  const sets = low ? ['CAP_NET_BIND_SERVICE'] : [];
  return { bounding: sets, effective: sets, permitted: sets, inheritable: sets, ambient: sets };
}

// capabilities(7), in the order of their numbers.
const ALL = `
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
  NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
  SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
  AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
  PERFMON BPF CHECKPOINT_RESTORE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/**
 * The capabilities that a process of this host can have at most: those of its kernel that the bounding
 * set leaves. A runtime fails to start a container that asks for others. Throws `io` without /proc.
 */
export function kernelCapabilities(): string[] {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (bounding === undefined)
    throw new BerthError('io', 'cannot read capabilities: /proc/self/status: no CapBnd');
  const mask = BigInt(`0x${bounding}`);
  return ALL.filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n);
}
