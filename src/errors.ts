/** What can go wrong, by name. A code is stable: scripts and documentation rely on it. */
export type ErrorCode =
  | 'usage'
  // reference, image
  | 'reference-invalid'
  | 'short-name-unresolved'
  | 'digest-invalid'
  | 'digest-mismatch'
  | 'size-mismatch'
  | 'media-type-unsupported'
  | 'manifest-invalid'
  | 'image-config-invalid'
  | 'platform-unavailable'
  | 'limit-exceeded'
  // transport
  | 'transport-unsupported'
  | 'archive-invalid'
  | 'daemon-unreachable'
  | 'registry-unreachable'
  | 'registry-not-found'
  | 'registry-unauthorized'
  | 'credential-refused'
  | 'registry-blocked'
  | 'registry-protocol'
  | 'auth-file-invalid'
  | 'registries-conf-invalid'
  | 'destination-exists'
  | 'settings-invalid'
  // layer, store
  | 'image-not-found'
  | 'layer-invalid'
  | 'layer-unsafe'
  | 'store-damaged'
  | 'no-space'
  | 'io'
  // deployment
  | 'exports-invalid'
  | 'template-invalid'
  | 'template-sandbox'
  | 'value-missing'
  | 'value-invalid'
  | 'host-file-conflict'
  | 'vendor-service'
  | 'deployment-damaged'
  | 'journal-damaged'
  // runtime, systemd
  | 'runtime-missing'
  | 'runtime-unsafe'
  | 'runtime-config-invalid'
  | 'rootfs-invalid'
  | 'unit-invalid'
  | 'unit-conflict'
  | 'dependency-missing'
  | 'dependency-cycle'
  | 'required-by-others'
  | 'systemd-unreachable'
  | 'systemd-refused'
  | 'unit-failed'
  // provision
  | 'host-invalid'
  | 'host-lock-invalid'
  | 'host-lock-outdated'
  // scan
  | 'scanner-invalid'
  | 'scanner-not-found'
  | 'scanner-failed'
  // command
  | 'service-name-invalid'
  | 'service-not-found'
  | 'not-running'
  | 'not-mounted'
  | 'mount-busy'
  | 'program-not-found'
  | 'program-not-executable'
  | 'permission'
  | 'interrupted';

const EXIT_STATUS: Partial<Record<ErrorCode, number>> = {
  usage: 2,
  'reference-invalid': 2,
  'service-name-invalid': 2,
  'not-running': 3,
  'image-not-found': 4,
  'registry-not-found': 4,
  'service-not-found': 4,
  'not-mounted': 4,
  'scanner-not-found': 4,
  // As shells have it (POSIX, Shell Command Language, 2.8.2), and what runs containers.
  'program-not-executable': 126,
  'program-not-found': 127,
  interrupted: 130,
};

export interface ErrorDetail {
  /**
   * One command that mends it, with words and a colon before it or without; or options with which the same command
   * line would work, such as `--name web-2`.
   */
  hint?: string;
  cause?: unknown;
}

/**
 * An expected failure. The message reads "what: which object: cause", without a full stop and
 * without the word "Error"; only the command line turns it into output and an exit status.
 */
export class BerthError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'BerthError';
    this.code = code;
    this.hint = detail.hint;
  }
}

/** Exit status of a failed command: 1, unless the code says another, such as usage (2) or not found (4). */
export function exitStatus(code: ErrorCode): number {
  return EXIT_STATUS[code] ?? 1;
}

/** True for an error of the operating system with this name, such as ENOENT. */
export function isErrno(error: unknown, ...names: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && names.includes(String(error.code));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Keeps a switch over a union complete: the compiler refuses a call that can be reached. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
