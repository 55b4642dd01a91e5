import { freeUnneeded } from '../deployment/free-unneeded.ts';
import { readCurrentRecord } from '../deployment/record.ts';
import { BerthError } from '../errors.ts';
import { type Applied, fingerprintOf, readApplied, writeApplied } from '../provision/apply/applied.ts';
import {
  type AppliedHost,
  type ApplyRequest,
  applyHost,
  findSurplus,
} from '../provision/apply/apply-host.ts';
import { isChange } from '../provision/apply/outcome.ts';
import { awaitNetwork } from '../provision/boot/await-network.ts';
import { fittingLock, type HostLock, readLock } from '../provision/lock/host-lock.ts';
import type { DeclaredHost } from '../provision/read-host.ts';
import { loadSettings } from '../settings.ts';
import { ManagerBus } from '../systemd/manager-bus.ts';
import { countLine, previewLines, printOutcomes, reportApplied } from './apply-report.ts';
import { type BootOptions, refreshBoot } from './boot-apply.ts';
import { changeHost } from './change-host.ts';
import type { Context } from './context.ts';
import { asksElsewhere, type DeclaredImages, openDeclared } from './open-declared.ts';
import { openFrom } from './open-from.ts';
import { previewApply } from './preview-apply.ts';
import { readDeclared } from './read-declared.ts';

export interface DeclaredOptions extends BootOptions {
  /** Seconds to watch what was restarted. */
  soak: number;
  dryRun?: boolean;
  json?: boolean;
}

/** One `berth apply`: what is declared, where its images come from, and how. */
export class DeclaredApply {
  readonly #host: DeclaredHost;
  readonly #images: DeclaredImages;
  readonly #options: DeclaredOptions;
  readonly #context: Context;

  private constructor(
    host: DeclaredHost,
    images: DeclaredImages,
    options: DeclaredOptions,
    context: Context,
  ) {
    this.#host = host;
    this.#images = images;
    this.#options = options;
    this.#context = context;
  }

  /**
   * Reads what is declared, its lock and its bundle; to be closed. Throws as `readHost`, `fittingLock` and
   * `openBundle`.
   */
  static async open(options: DeclaredOptions, context: Context): Promise<DeclaredApply> {
    const host = await readDeclared(options.file, context);
    const lock = options.locked ? requireLock(host) : findLock(host);
    const { locked } = readApplied(context.paths);
    const bundle = await openFrom(options.from, context);
    return new DeclaredApply(host, { bundle, lock, locked, authfile: options.authfile }, options, context);
  }

  async close(): Promise<void> {
    await this.#images.bundle?.close();
  }

  /** Says what would change, and changes nothing. */
  async preview(): Promise<void> {
    const { output, paths } = this.#context;
    await previewApply(this.#request(), { skipRefused: true }, this.#context, (found) => {
      this.#noteSurplus();
      if (this.#options.json) printOutcomes(found.outcomes, this.#options, output);
      else output.data([...previewLines(found, paths), countLine(found.outcomes)].join('\n'));
    });
  }

  /** Makes the host so, and says what changed. */
  async apply(): Promise<void> {
    const applied = await this.#context.writing('apply', async (session) => {
      const host = changeHost(this.#context, session.store, { skipRefused: true });
      const done = await applyHost(this.#request(), host, session);
      writeApplied(session.paths, this.#applied(isWhole(done)));
      await refreshBoot(session);
      // What was fetched in vain is there for the next try.
      if (done.errors.length === 0 && done.outcomes.some(isChange)) freeUnneeded(session);
      return done;
    });
    this.#noteSurplus();
    this.#report(applied);
  }

  /** The same at boot, if something else is declared than what the host came to be at the last time. */
  async applyAtBoot(): Promise<void> {
    const { paths, output, signal } = this.#context;
    if (readApplied(paths).fingerprint === this.#fingerprint) {
      output.note('nothing else is declared than what was applied');
      return;
    }
    if (this.#host.services.some((service) => asksElsewhere(service, this.#images, paths))) {
      const systemd = new ManagerBus();
      try {
        await awaitNetwork(systemd, { signal, warn: (text) => output.warn(text) });
      } finally {
        await systemd.close();
      }
    }
    this.#context.enterBoot();
    await this.apply();
  }

  get #fingerprint(): string {
    const { bundle, lock } = this.#images;
    const bundled = bundle?.images.map(({ name, top }) => [name, top.digest]) ?? null;
    return fingerprintOf({
      services: this.#host.services,
      bundled,
      lock: lock === undefined ? null : [...lock],
    });
  }

  #applied(whole: boolean): Applied {
    const { services } = this.#host;
    const locked = services.flatMap(({ name, image }) => {
      const digest = this.#images.lock?.get(image);
      const record = readCurrentRecord(this.#context.paths, name);
      return digest === undefined || record === undefined
        ? []
        : [[digest, record.image.manifestDigest] as const];
    });
    return {
      version: 1,
      fingerprint: whole ? this.#fingerprint : null,
      update: Object.fromEntries(services.map(({ name, update }) => [name, update])),
      locked: Object.fromEntries(locked),
    };
  }

  #request(): ApplyRequest {
    const { services, doubts } = this.#host;
    const { prune = false, soak } = this.#options;
    const { runtime, keep } = loadSettings(this.#context.paths);
    const open = openDeclared(this.#images, this.#context);
    return { services, open, prune, doubts, runtime, keep, soak };
  }

  #noteSurplus(): void {
    const { output, paths } = this.#context;
    const surplus = this.#options.prune ? [] : findSurplus(this.#host.services, paths);
    if (surplus.length === 0) return;
    output.note(`not declared any more: ${surplus.join(', ')}`);
    output.note('Hint: berth apply --prune');
  }

  #report(applied: AppliedHost): void {
    const { output } = this.#context;
    reportApplied(applied, this.#context);
    const skipped = applied.outcomes.filter(({ action }) => action === 'skip').map(({ service }) => service);
    if (skipped.length > 0) {
      output.error(
        `not as declared: ${skipped.join(', ')}: the image failed, or somebody went back from it`,
        `once there is another image, or to try it again: berth update ${skipped.join(' ')}`,
      );
      this.#context.endWith('unit-failed');
    }
    if (this.#options.json) printOutcomes(applied.outcomes, this.#options, output);
    else if (isWhole(applied)) output.data(countLine(applied.outcomes));
  }
}

/** The lock that is there, for those of its images that are declared. */
function findLock({ lockFile }: DeclaredHost): HostLock | undefined {
  return lockFile === undefined ? undefined : readLock(lockFile);
}

/** The lock, which must have exactly what is declared. */
function requireLock(host: DeclaredHost): HostLock {
  const { lockFile, services } = host;
  if (lockFile !== undefined) return fittingLock(findLock(host), services, lockFile);
  throw new BerthError('usage', 'no lock goes with standard input: --locked', {
    hint: 'name a file with -f',
  });
}

function isWhole({ outcomes, errors }: AppliedHost): boolean {
  return errors.length === 0 && outcomes.every(({ action }) => action !== 'skip');
}
