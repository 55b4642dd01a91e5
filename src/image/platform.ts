import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { BerthError } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import type { Descriptor, Platform } from './image.ts';
import type { ImageIndex } from './manifest.ts';
import { isIndexType, isManifestType } from './media-type.ts';

/** `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** Reads what `formatPlatform` writes. Throws `usage`. */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...rest] = text.split('/');
  if (os === '' || architecture === '' || variant === '' || rest.length > 0) {
    throw new BerthError('usage', `not a platform: ${quote(text)}`, {
      hint: 'write it as OS/ARCHITECTURE[/VARIANT], such as linux/arm64',
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/**
 * The entries of an index that may hold the image of a platform, best first: manifests of the
 * platform, then indexes that may lead to one, then a manifest that names no platform, when it is
 * the only one. Attestations and entries of other types are no images and are skipped.
 */
export function choosePlatform(index: ImageIndex, platform: Platform): Descriptor[] {
  const entries = index.manifests.filter((entry) => !isAttestation(entry));
  const manifests = entries.filter((entry) => isManifestType(entry.mediaType));
  const ranked = manifests
    .map((entry) => ({ entry, rank: rankOf(entry.platform, platform) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ entry }) => entry);
  const indexes = entries.filter(
    (entry) =>
      isIndexType(entry.mediaType) &&
      (entry.platform === undefined || rankOf(entry.platform, platform) !== undefined),
  );
  const unnamed = manifests.filter((entry) => entry.platform === undefined);
  return [...ranked, ...indexes, ...(unnamed.length === 1 ? unnamed : [])];
}

/** True when a host of the platform can run what says it is for `offered`. */
export function isRunnable(offered: Platform, platform: Platform): boolean {
  return rankOf(offered, platform) !== undefined;
}

/** 0 is the best; undefined when it does not run there. */
function rankOf(offered: Platform | undefined, wanted: Platform): number | undefined {
  if (offered === undefined || offered.os !== wanted.os) return undefined;
  const architecture = canonical(offered.architecture);
  if (architecture !== canonical(wanted.architecture)) return undefined;
  const offeredLevel = levelOf(architecture, offered.variant);
  const wantedLevel = levelOf(architecture, wanted.variant);
  if (offeredLevel === undefined || wantedLevel === undefined) {
    return offered.variant === wanted.variant ? 0 : undefined;
  }
  // A level runs everything below it, and the nearest below it is the best.
  return offeredLevel <= wantedLevel ? wantedLevel - offeredLevel : undefined;
}

const BASELINES: Record<string, number> = { amd64: 1, arm: 7, arm64: 8 };

/** `v7` as 7 and an absent variant as its architecture's baseline, as containerd's platforms package has it. */
function levelOf(architecture: string, variant: string | undefined): number | undefined {
  if (variant === undefined) return BASELINES[architecture] ?? 0;
  const number = /^v([0-9]{1,2})(?:\.[0-9]+)?$/.exec(variant)?.[1];
  return number === undefined ? undefined : Number(number);
}

function canonical(architecture: string): string {
  if (architecture === 'x86_64' || architecture === 'x86-64') return 'amd64';
  return architecture === 'aarch64' ? 'arm64' : architecture;
}

function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] !== undefined ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

/** The platform of this machine, in the words of images (Go's GOOS, GOARCH, and a variant). */
export function hostPlatform(): Platform {
  return platformOf(process.arch, endianness(), readCpuInfo());
}

/** For a machine as node and /proc/cpuinfo describe it. */
export function platformOf(arch: string, order: 'BE' | 'LE', cpuInfo: string): Platform {
  switch (arch) {
    case 'x64':
      return { os: 'linux', architecture: 'amd64', ...amd64Variant(cpuInfo) };
    case 'ia32':
      return { os: 'linux', architecture: '386' };
    case 'arm64':
      return { os: 'linux', architecture: 'arm64', variant: 'v8' };
    case 'arm': {
      const level = /^CPU architecture\s*:\s*([0-9]+)/m.exec(cpuInfo)?.[1] ?? '7';
      return { os: 'linux', architecture: 'arm', variant: `v${Math.min(Number(level), 7)}` };
    }
    case 'ppc64':
      return { os: 'linux', architecture: order === 'LE' ? 'ppc64le' : 'ppc64' };
    default:
      return { os: 'linux', architecture: arch };
  }
}

// The x86-64 psABI's micro-architecture levels, in the spelling of /proc/cpuinfo (abm has lzcnt).
const AMD64_LEVELS: Array<[string, string[]]> = [
  ['v2', ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3']],
  ['v3', ['abm', 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave']],
  ['v4', ['avx512bw', 'avx512cd', 'avx512dq', 'avx512f', 'avx512vl']],
];

function amd64Variant(cpuInfo: string): { variant?: string } {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.trim().split(/\s+/));
  let variant: string | undefined;
  for (const [level, needed] of AMD64_LEVELS) {
    if (!needed.every((flag) => flags.has(flag))) break;
    variant = level;
  }
  return variant === undefined ? {} : { variant };
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Without /proc the baseline of the architecture is the answer that is always right.
    return '';
  }
}
