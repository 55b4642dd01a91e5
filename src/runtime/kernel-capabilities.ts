import { readFileSync } from 'node:fs';
import { BerthError } from '../errors.ts';
import type { Paths } from '../paths.ts';

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
 * set leaves. A runtime fails to start a container that asks for others. All that there are since Linux 5.9
 * for a system below another root: the kernel here is not the one that it will have. Throws `io` without /proc.
 */
export function kernelCapabilities(paths: Paths): string[] {
  if (paths.root !== '/') return ALL;
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (bounding === undefined)
    throw new BerthError('io', 'cannot read capabilities: /proc/self/status: no CapBnd');
  const mask = BigInt(`0x${bounding}`);
  return ALL.filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n);
}
