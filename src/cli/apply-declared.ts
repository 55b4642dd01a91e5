import { buffer } from 'node:stream/consumers';
import { freeUnneeded } from '../deployment/free-unneeded.ts';
import { fingerprintOf, readApplied, writeApplied } from '../provision/apply/applied.ts';
import {
  type AppliedHost,
  type ApplyRequest,
  applyHost,
  findSurplus,
} from '../provision/apply/apply-host.ts';
import { isChange, type Outcome } from '../provision/apply/outcome.ts';
import { previewHost } from '../provision/apply/preview-host.ts';
import { awaitNetwork } from '../provision/boot/await-network.ts';
import { type DeclaredHost, type HostSource, readHost } from '../provision/read-host.ts';
import { loadSettings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import { ManagerBus } from '../systemd/manager-bus.ts';
import type { Bundle } from '../transport/bundle/open-bundle.ts';
import { outcomeLine, previewLines } from './apply-report.ts';
import { type BootOptions, refreshBoot } from './boot-apply.ts';
import { changeHost } from './change-host.ts';
import type { Context } from './context.ts';
import { asksElsewhere, openDeclared } from './open-declared.ts';
import { openFrom } from './open-from.ts';
import { withScratchStore } from './scratch-store.ts';
import { readSoak } from './soak.ts';

export interface DeclaredOptions extends BootOptions {
  soak: string;
  dryRun?: boolean;
  json?: boolean;
}

/** One `berth apply`: what is declared, where its images come from, and how. */
export class DeclaredApply {
  readonly #host: DeclaredHost;
  readonly #bundle: Bundle | undefined;
  readonly #options: DeclaredOptions;
  readonly #context: Context;
  readonly #soak: number;

  private constructor(
    host: DeclaredHost,
    bundle: Bundle | undefined,
    options: DeclaredOptions,
    context: Context,
  ) {
    this.#host = host;
    this.#bundle = bundle;
    this.#options = options;
    this.#context = context;
    this.#soak = readSoak(options.soak);
  }

  /** Reads what is declared, and opens the bundle; to be closed. Throws as `readHost` and `openBundle`, and `usage`. */
  static async open(options: DeclaredOptions, context: Context): Promise<DeclaredApply> {
    const { env, paths } = context;
    const host = await readHost(await sourceOf(options.file), { env, paths });
    return new DeclaredApply(host, await openFrom(options.from, context), options, context);
  }

  async close(): Promise<void> {
    await this.#bundle?.close();
  }

  /** Says what would change; not even the store changes. */
  async preview(): Promise<void> {
    const { output, paths } = this.#context;
    await withScratchStore(this.#context.store(), async (store) => {
      const host = { ...this.#changeHost(store), onRefused: () => undefined };
      const found = await previewHost(this.#request(store), host);
      this.#noteSurplus();
      if (this.#options.json) this.#json(found.outcomes);
      else output.data([...previewLines(found, paths), countLine(found.outcomes)].join('\n'));
    });
  }

  /** Makes the host so, and says what changed. */
  async apply(): Promise<void> {
    const applied = await this.#context.writing('apply', async (session) => {
      try {
        const done = await applyHost(this.#request(session.store), this.#changeHost(session.store), session);
        writeApplied(session.paths, this.#host.services, isWhole(done) ? this.#fingerprint : null);
        await refreshBoot(session);
        return done;
      } finally {
        freeUnneeded(session);
      }
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
    if (this.#bundle === undefined && this.#host.services.some((service) => asksElsewhere(service, paths))) {
      await awaitNetwork(new ManagerBus(), { signal, warn: (text) => output.warn(text) });
    }
    this.#context.enterBoot();
    await this.apply();
  }

  get #fingerprint(): string {
    const images = this.#bundle?.images.map(({ name, top }) => [name, top.digest]) ?? null;
    return fingerprintOf(this.#host.services, images);
  }

  #request(store: Store): ApplyRequest {
    const { authfile, prune = false } = this.#options;
    const { runtime, keep } = loadSettings(this.#context.paths);
    const open = openDeclared({ bundle: this.#bundle, authfile, store }, this.#context);
    return { services: this.#host.services, open, prune, runtime, keep, soak: this.#soak };
  }

  #changeHost(store: Store) {
    return changeHost(this.#context, store, { skipRefused: true });
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
    const { outcomes, errors } = applied;
    for (const outcome of outcomes) output.note(outcomeLine(outcome, { dryRun: false }));
    for (const { message, hint } of errors) output.error(message, hint);
    const skipped = outcomes.filter(({ action }) => action === 'skip').map(({ name }) => name);
    if (skipped.length > 0) {
      output.error(
        `not as declared: ${skipped.join(', ')}: the image failed before`,
        `once there is another image, or to try it again: berth update ${skipped.join(' ')}`,
      );
    }
    if (!isWhole(applied)) this.#context.endWith(errors[0]?.code ?? 'unit-failed');
    if (this.#options.json) this.#json(outcomes);
    else if (isWhole(applied)) output.data(countLine(outcomes));
  }

  #json(outcomes: readonly Outcome[]): void {
    const { dryRun = false } = this.#options;
    this.#context.output.json({ changed: outcomes.filter(isChange).length, dryRun, services: outcomes });
  }
}

async function sourceOf(file: string | undefined): Promise<HostSource> {
  if (file === undefined) return 'host';
  return file === '-' ? { text: await buffer(process.stdin) } : { path: file };
}

function isWhole({ outcomes, errors }: AppliedHost): boolean {
  return errors.length === 0 && outcomes.every(({ action }) => action !== 'skip');
}

function countLine(outcomes: readonly Outcome[]): string {
  return `changed: ${outcomes.filter(isChange).length}`;
}
