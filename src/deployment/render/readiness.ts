import type { Healthcheck, ImageConfig } from '../../image/image.ts';
import { healthCommand } from '../../runtime/health-command.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import { parseTimeSpan } from '../../systemd/time-span.ts';
import type { UnitFile } from '../../systemd/unit-file.ts';

/** How systemd learns that a service is ready, so that what waits for it can start. */
export type Readiness =
  /** It is, as soon as its process runs. */
  | { by: 'start' }
  /** It says so (sd_notify(3)). `watchdog` is the interval in microseconds that its unit sets. */
  | { by: 'notify'; watchdog: number | undefined }
  | ReadinessCommand;

/** A command that succeeds in the container of a service that is ready. */
export interface ReadinessCommand {
  by: 'command';
  argv: string[];
  /** Seconds for one try. */
  timeout: number;
  /** Seconds until the start has failed. */
  limit: number;
}

/** What an image's manifest may say of its readiness. */
export interface ReadinessManifest {
  notify: boolean;
  ready: string[];
}

// Docker's: what an image means that does not say.
const TIMEOUT = 30;
const INTERVAL = 30;
const RETRIES = 3;

/** systemd's own patience with a start: nobody who stays within it is too slow. */
const SHORTEST_LIMIT = 90;

/** Seconds that a readiness command may delay a start, unless berth.yaml has `readiness: {limit: …}`. */
export const READINESS_LIMIT = 600;

/**
 * Whether an image that brings no unit wants one with Type=notify: by its manifest, or by the label
 * that Podman has for it.
 */
export function wantsToNotify(image: ImageConfig, manifest: ReadinessManifest | undefined): boolean {
  return manifest?.notify === true || labelOf(image) === 'container';
}

/**
 * Whether a container that berth makes a unit for may notify systemd. systemd takes MAINPID= from a
 * process of root for any process of the host, and kills that when the service stops: root in a
 * container must not have that from an image alone. Says so in `warnings`.
 */
export function mayNotify(config: OciConfig, warnings: string[]): boolean {
  const root = (config.process.user?.uid ?? 0) === 0;
  if (root)
    warnings.push('the image wants to notify systemd, which is refused: it runs as root and brings no unit');
  return !root;
}

/**
 * Reads from a unit, the image's manifest and its config how its service becomes ready: a unit of
 * Type=notify decides; else the manifest's `ready`, else the image's Healthcheck, unless Podman's
 * label says that nothing is to be waited for. `longest` is the host's limit in seconds. Throws
 * `unit-invalid`.
 */
export function readReadiness(
  unit: UnitFile,
  image: ImageConfig,
  manifest: ReadinessManifest | undefined,
  longest: number,
): Readiness {
  const type = unit.get('Service', 'Type') ?? '';
  if (isNotifyType(type)) return { by: 'notify', watchdog: watchdogOf(unit) };
  // What does its work and ends is ready when it has ended.
  if (type === 'oneshot') return { by: 'start' };
  if (manifest !== undefined && manifest.ready.length > 0)
    return commandOf(manifest.ready, undefined, longest);
  const argv = healthCommand(image.healthcheck);
  const unwanted = ['ignore', 'conmon'].includes(labelOf(image) ?? '');
  return argv === undefined || unwanted ? { by: 'start' } : commandOf(argv, image.healthcheck, longest);
}

/** Type=notify, and notify-reload of systemd 253. */
export function isNotifyType(type: string): boolean {
  return type === 'notify' || type === 'notify-reload';
}

/**
 * A start that is slower than the image's own patience may still be one: an image says when to worry
 * about a container, not when to kill it. So its numbers can only lengthen the limit.
 */
function commandOf(argv: string[], healthcheck: Healthcheck | undefined, longest: number): ReadinessCommand {
  const patience =
    seconds(healthcheck?.startPeriod, 0) +
    (healthcheck?.retries || RETRIES) * seconds(healthcheck?.interval, INTERVAL);
  const limit = Math.min(Math.max(patience, SHORTEST_LIMIT), longest);
  return { by: 'command', argv, timeout: Math.min(seconds(healthcheck?.timeout, TIMEOUT), limit), limit };
}

function seconds(nanoseconds: number | undefined, preset: number): number {
  return nanoseconds ? Math.ceil(nanoseconds / 1e9) : preset;
}

function watchdogOf(unit: UnitFile): number | undefined {
  const span = parseTimeSpan(unit.get('Service', 'WatchdogSec') || '0');
  return span === 0 || span === Number.POSITIVE_INFINITY ? undefined : span;
}

// podman-kube-play(1): container, conmon, healthy, ignore.
function labelOf({ labels }: ImageConfig): string | undefined {
  return labels['io.containers.sdnotify'];
}
