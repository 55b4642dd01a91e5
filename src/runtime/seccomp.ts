import { constants } from 'node:os';
import { ALLOWED, FORBIDDEN } from './seccomp-syscalls.ts';

/** linux.seccomp of the OCI runtime spec (config-linux.md, "Seccomp"), the parts that berth writes. */
export interface Seccomp {
  defaultAction: string;
  defaultErrnoRet: number;
  architectures?: string[];
  syscalls: SeccompRule[];
}

export interface SeccompRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[];
}

// By the image spec's (Go's) names. The 32-bit modes that a 64-bit kernel runs belong to it: a call
// of an architecture that is not listed kills the process. x32 is left out: next to nothing was ever built
// for it, kernels have it switched off, and a runtime compiles the filter anew for each at every start.
const ARCHITECTURES: Record<string, string[]> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
  '386': ['SCMP_ARCH_X86'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  arm: ['SCMP_ARCH_ARM'],
  ppc64le: ['SCMP_ARCH_PPC64LE'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  mips64le: ['SCMP_ARCH_MIPSEL64', 'SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64N32'],
};

// CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET | NEWTIME
const NEW_NAMESPACES = 0x7e020080;
const AF_ALG = 38;
const AF_VSOCK = 40;
// What programs set: PER_LINUX, PER_LINUX32, UNAME26 with either, and the question for the current one.
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** The filter for a service without privileges, on an architecture by the image spec's name. */
export function defaultSeccomp(architecture: string): Seccomp {
  const architectures = ARCHITECTURES[architecture];
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: constants.errno.ENOSYS,
    ...(architectures && { architectures }),
    syscalls: [
      allow(ALLOWED),
      refuse(FORBIDDEN, constants.errno.EPERM),
      // A filter cannot look into clone3's structure for new namespaces: ENOSYS makes C libraries use clone.
      refuse(['clone3'], constants.errno.ENOSYS),
      allow(['clone'], cloneArgument(architecture), 0, 'SCMP_CMP_MASKED_EQ', NEW_NAMESPACES),
      // All families of sockets but AF_ALG (kernel crypto) and AF_VSOCK (the hypervisor). Rules of one
      // call are alternatives, so what is allowed is named, not what is refused.
      allow(['socket'], 0, AF_ALG, 'SCMP_CMP_LT'),
      allow(['socket'], 0, AF_ALG + 1, 'SCMP_CMP_EQ'),
      allow(['socket'], 0, AF_VSOCK, 'SCMP_CMP_GT'),
      ...[AF_ALG, AF_VSOCK].map((value) => ({
        ...refuse(['socket'], constants.errno.EAFNOSUPPORT),
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
      })),
      ...PERSONALITIES.map((value) => allow(['personality'], 0, value, 'SCMP_CMP_EQ')),
    ],
  };
}

function allow(names: string[]): SeccompRule;
function allow(names: string[], index: number, value: number, op: string, mask?: number): SeccompRule;
function allow(names: string[], index?: number, value = 0, op = '', mask?: number): SeccompRule {
  const rule: SeccompRule = { names, action: 'SCMP_ACT_ALLOW' };
  if (index === undefined) return rule;
  // For SCMP_CMP_MASKED_EQ the mask is `value`, and what is left of the argument must be `valueTwo`.
  const condition = mask === undefined ? { index, value, op } : { index, value: mask, valueTwo: value, op };
  return { ...rule, args: [condition] };
}

function refuse(names: string[], errnoRet: number): SeccompRule {
  return { names, action: 'SCMP_ACT_ERRNO', errnoRet };
}

/** On s390 the flags of clone are its second argument. */
function cloneArgument(architecture: string): number {
  return architecture === 's390x' ? 1 : 0;
}
