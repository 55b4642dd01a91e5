import { posix } from 'node:path';
import { quote } from '../reference/quote.ts';
import { checkMounts } from './check-mounts.ts';
import { invalid, isObject, type OciConfig, refuseOtherCase } from './oci-config.ts';

export interface ConfigPolicy {
  /** Hooks are host programs that run as root: a person must have said that this image may have them. */
  allowHooks?: boolean;
}

/** A config.json that passed, and what a person should know of it, a sentence each. */
export interface CheckedConfig {
  config: OciConfig;
  warnings: string[];
}

const PROPAGATIONS = ['', 'private', 'rprivate', 'slave', 'rslave', 'unbindable', 'runbindable'];
const SHARED = ['shared', 'rshared'];
const MAX_ID = 2 ** 32 - 2;

/**
 * Checks any config.json, berth's own or one that an image's template made: that the root is the
 * checkout and read-only (it is made of hard links: a write would change every service that shares
 * the file), that nothing in it reaches the store, the runtime's own files or a terminal, and that it
 * has the shape that a runtime reads. System containers are trusted with the host's devices,
 * namespaces and capabilities if they ask, so those are not judged. Throws `runtime-config-invalid`
 * naming the place.
 */
export function checkConfig(value: unknown, policy: ConfigPolicy = {}): CheckedConfig {
  if (!isObject(value)) throw invalid('the whole', 'not a JSON object');
  refuseOtherCase('the whole', value, ['ociVersion', 'root', 'process', 'mounts', 'hooks', 'linux']);
  const { root, process, mounts, hooks, linux } = value;
  const warnings: string[] = [];
  checkRoot(root);
  checkProcess(process);
  warnings.push(...checkMounts(mounts ?? []));
  if (policy.allowHooks !== true) refuseHooks(hooks);
  warnings.push(...checkLinux(linux ?? {}));
  if (value['ociVersion'] !== undefined && !/^1\.[0-9]/.test(String(value['ociVersion']))) {
    throw invalid('ociVersion', `not a version 1: ${JSON.stringify(value['ociVersion'])}`);
  }
  // Every part of OciConfig that is not optional was looked at above.
  return { config: { ociVersion: '', ...value } as unknown as OciConfig, warnings };
}

function checkRoot(root: unknown): void {
  if (!isObject(root)) throw invalid('root', 'missing');
  refuseOtherCase('root', root, ['path', 'readonly']);
  if (root['path'] !== 'rootfs') {
    throw invalid('root.path', `must be "rootfs", not ${JSON.stringify(root['path'])}`);
  }
  if (root['readonly'] !== true) {
    throw invalid('root.readonly', 'must be true: services share the files of their root file systems');
  }
}

function checkProcess(process: unknown): void {
  if (!isObject(process)) throw invalid('process', 'missing');
  refuseOtherCase('process', process, ['args', 'cwd', 'env', 'terminal', 'user']);
  const { args, cwd, env = [], terminal = false, user = {} } = process;
  if (!isTexts(args) || args[0] === undefined || args[0] === '') {
    throw invalid('process.args', 'must be a list of strings that begins with a command');
  }
  if (!isTexts(env) || !env.every((variable) => variable.indexOf('=') > 0)) {
    throw invalid('process.env', 'must be a list of NAME=VALUE');
  }
  // CVE-2024-21626: /proc/self/fd/N there is a way out to the host.
  if (typeof cwd !== 'string' || !isPlainPath(cwd) || /^\/proc(?:\/|$)/.test(cwd)) {
    throw invalid(
      'process.cwd',
      `must be an absolute, normal path outside /proc, not ${JSON.stringify(cwd)}`,
    );
  }
  if (terminal !== false) throw invalid('process.terminal', 'must be false: a service has no terminal');
  if (isObject(user)) refuseOtherCase('process.user', user, ['uid', 'gid', 'additionalGids']);
  const ids = isObject(user) ? [user['uid'], user['gid'], ...listOf(user['additionalGids'])] : [null];
  if (!ids.every((id) => id === undefined || isId(id)))
    throw invalid('process.user', 'not numbers of a user and groups');
}

function refuseHooks(hooks: unknown): void {
  if (hooks === undefined || hooks === null) return;
  if (!isObject(hooks)) throw invalid('hooks', 'must be an object');
  for (const [stage, commands] of Object.entries(hooks)) {
    if (commands === null || (Array.isArray(commands) && commands.length === 0)) continue;
    throw invalid(
      `hooks.${quote(stage).slice(1, -1)}`,
      'hooks run programs of the host as root, which an image may not ask for',
    );
  }
}

function checkLinux(linux: unknown): string[] {
  if (!isObject(linux)) throw invalid('linux', 'must be an object');
  refuseOtherCase('linux', linux, ['rootfsPropagation', 'namespaces', 'resources', 'cgroupsPath']);
  const warnings: string[] = [];
  const propagation = linux['rootfsPropagation'] ?? '';
  if (typeof propagation !== 'string' || ![...PROPAGATIONS, ...SHARED].includes(propagation)) {
    throw invalid('linux.rootfsPropagation', `unknown: ${JSON.stringify(propagation)}`);
  }
  if (SHARED.includes(propagation)) {
    warnings.push('linux.rootfsPropagation is shared: mounts made by the service also appear on the host');
  }
  checkNamespaces(listOf(linux['namespaces'] ?? []));
  const limits = isObject(linux['resources']) ? linux['resources'] : {};
  const named = ['memory', 'cpu', 'pids', 'blockIO'].filter((key) => isObject(limits[key]));
  if (named.length > 0) {
    warnings.push(
      `linux.resources limits ${named.join(', ')}: a unit's MemoryMax=, CPUQuota=, TasksMax= hold more surely`,
    );
  }
  return warnings;
}

/** Without a mount namespace of its own, the runtime would mount over the host's tree. */
function checkNamespaces(namespaces: unknown[]): void {
  const where = 'linux.namespaces';
  const found = namespaces.filter(isObject);
  for (const namespace of found) refuseOtherCase(where, namespace, ['type', 'path']);
  const mounts = found.filter(({ type }) => type === 'mount');
  if (mounts.length === 0) throw invalid(where, 'a "mount" namespace is missing');
  if (mounts.some(({ path }) => path !== undefined && path !== '')) {
    throw invalid(where, 'the "mount" namespace must be a new one, without a path');
  }
}

/** Absolute, without "." and ".." and without control characters. */
export function isPlainPath(path: string): boolean {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
  return path.startsWith('/') && posix.normalize(plain) === plain && !/\p{Cc}/u.test(path);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes('\0'));
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_ID;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [null];
}
