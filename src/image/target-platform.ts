import { closeSync, openSync, readSync } from 'node:fs';
import { followPath } from '../follow-path.ts';
import type { Paths } from '../paths.ts';
import type { Platform } from './image.ts';
import { hostPlatform } from './platform.ts';

// What every system has that can be booted, or be made to.
const PROGRAMS = ['/usr/lib/systemd/systemd', '/usr/bin/sh', '/bin/sh'];

/** By e_machine of the ELF header (elf(5)), for both orders of bytes. */
const ARCHITECTURES: Record<number, [little: string, big?: string]> = {
  3: ['386'],
  21: ['ppc64le', 'ppc64'],
  22: ['s390x', 's390x'],
  40: ['arm'],
  62: ['amd64'],
  183: ['arm64'],
  243: ['riscv64'],
  258: ['loong64'],
};

/**
 * The platform that images are chosen for: this machine's, or the one of the programs below another root. What
 * the processor here can do says nothing of the one there, so that is the baseline of its architecture.
 */
export function targetPlatform(paths: Paths): Platform {
  const host = hostPlatform();
  if (paths.root === '/') return host;
  for (const program of PROGRAMS) {
    const { path, type } = followPath(paths.root, program);
    const architecture = type === 'file' ? architectureOf(path) : undefined;
    if (architecture !== undefined) return { os: host.os, architecture };
  }
  return { os: host.os, architecture: host.architecture };
}

function architectureOf(program: string): string | undefined {
  const header = Buffer.alloc(20);
  const descriptor = openSync(program, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  if (header.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const isBig = header[5] === 2;
  return ARCHITECTURES[isBig ? header.readUInt16BE(18) : header.readUInt16LE(18)]?.[isBig ? 1 : 0];
}
