import { BerthError, messageOf } from '../errors.ts';
import type { Seccomp } from './seccomp.ts';

/** A mount of config.json (OCI runtime spec, config.md, "Mounts"). */
export interface Mount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
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

/** The error `runtime-config-invalid` about one place of a config.json. */
export function invalid(where: string, why: string, cause?: unknown): BerthError {
  return new BerthError('runtime-config-invalid', `config.json refused: ${where}: ${why}`, { cause });
}
