import { BerthError, messageOf } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import type { Seccomp } from './seccomp.ts';

/** A mount of config.json (OCI runtime spec, config.md, "Mounts"). */
export interface Mount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
}

/** As runtimes decide it: by type or by options. */
export function isBind({ type, options = [] }: Pick<Mount, 'type' | 'options'>): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind');
}

/** config.json (OCI runtime spec, config.md): the parts that berth reads or sets. Other parts are kept as they are. */
export interface OciConfig {
  ociVersion: string;
  root: { path: string; readonly: boolean };
  process: {
    args: string[];
    cwd: string;
    env?: string[];
    terminal?: boolean;
    user?: { uid: number; gid: number; additionalGids?: number[] };
    noNewPrivileges?: boolean;
    [key: string]: unknown;
  };
  mounts?: Mount[];
  hostname?: string;
  hooks?: Record<string, unknown[]>;
  linux?: {
    cgroupsPath?: string;
    namespaces?: { type: string; path?: string }[];
    rootfsPropagation?: string;
    seccomp?: Seccomp;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

const MAX_TEXT = 1024 * 1024;

/** The JSON object in a rendered config.json. `name` is for the message. Throws `runtime-config-invalid`. */
export function parseConfigText(text: string, name: string): Record<string, unknown> {
  if (text.length > MAX_TEXT) throw invalid(name, `longer than ${MAX_TEXT} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(name, messageOf(error), error);
  }
  if (!isObject(value)) throw invalid(name, 'not a JSON object');
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Refuses a member that is one of these names in another case. Runtimes in Go would take it for that
 * one (encoding/json, "preferring exact matches but also accepting case-insensitive matches"), and the
 * later of the two wins: "Hooks" would run what was refused as "hooks". Throws `runtime-config-invalid`.
 */
export function refuseOtherCase(
  where: string,
  value: Record<string, unknown>,
  names: readonly string[],
): void {
  for (const key of Object.keys(value)) {
    const name = names.find((known) => known !== key && foldCase(known) === foldCase(key));
    if (name !== undefined) throw invalid(where, `${quote(key)} would be read as ${quote(name)}`);
  }
}

// Both ways, as Go does: U+017F becomes S only in upper case, U+212A becomes k only in lower case.
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase();
}

/** The error `runtime-config-invalid` about one place of a config.json. */
export function invalid(where: string, why: string, cause?: unknown): BerthError {
  return new BerthError('runtime-config-invalid', `config.json refused: ${where}: ${why}`, { cause });
}
