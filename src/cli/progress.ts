import type { Step } from '../deployment/plan/plan.ts';
import type { PullProgress } from '../layer/pull.ts';
import type { CopyProgress } from '../transport/copy/read-checked.ts';
import { isRootfsImageName } from '../transport/rootfs/rootfs-image-name.ts';
import { formatBytes } from './bytes.ts';
import type { Output } from './output.ts';
import { Transfer } from './transfer.ts';

/** Tells a person of the steps that take time or that they asked for; the rest is in `--dry-run`. */
export class StepReport {
  readonly #output: Output;
  #began = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(step: Step, event: 'begin' | 'done'): void {
    if (event === 'begin') {
      this.#began = performance.now();
      if (step.kind === 'start') this.#output.transient(`starting ${step.unit} …`);
      if (step.kind === 'stop' && step.active) this.#output.transient(`stopping ${step.unit} …`);
      if (step.kind === 'restart') this.#output.transient(`restarting ${restarted(step)} …`);
      if (step.kind === 'watch' && step.seconds > 0)
        this.#output.transient(`watching ${step.units.join(' ')} for ${step.seconds} s …`);
      return;
    }
    if (step.kind === 'start') this.#output.note(`started ${step.unit} (${this.#seconds()} s)`);
    if (step.kind === 'stop' && step.active) this.#output.note(`stopped ${step.unit}`);
    if (step.kind === 'restart') this.#output.note(`restarted ${restarted(step)} (${this.#seconds()} s)`);
    if (step.kind === 'save') this.#output.note(`kept ${step.path}, which was changed, as ${step.to}`);
  }

  #seconds(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(1);
  }
}

function restarted({ units, dependents }: Extract<Step, { kind: 'restart' }>): string {
  return [...units, ...dependents].join(' ');
}

/** Tells of pulls: a line an image, and on a terminal how far each of its layers is. */
export class PullReport {
  readonly #output: Output;
  readonly #transfer: Transfer;

  constructor(output: Output) {
    this.#output = output;
    this.#transfer = new Transfer(output);
  }

  show(progress: PullProgress): void {
    switch (progress.kind) {
      case 'resolved':
        this.#transfer.begin(progress.bytes);
        if (progress.bytes === 0 || isRootfsImageName(progress.name)) return;
        this.#output.note(
          `pulling ${progress.name}: ${progress.layers - progress.present} of ${progress.layers} layers, ${formatBytes(progress.bytes)}`,
        );
        return;
      case 'layer-progress':
        this.#transfer.advance(progress.digest, progress.fetched, progress.size);
        return;
      case 'committing':
        if (progress.layers > 0) this.#output.transient('writing to the store …');
        return;
      case 'pulled':
        this.#output.transient('');
        return;
      case 'layer-started':
      case 'layer-done':
        return;
    }
  }
}

/** Tells of copies in the same way. */
export class CopyReport {
  readonly #output: Output;
  readonly #transfer: Transfer;

  constructor(output: Output) {
    this.#output = output;
    this.#transfer = new Transfer(output);
  }

  show(progress: CopyProgress): void {
    switch (progress.kind) {
      case 'resolved': {
        const { name, blobs, present, bytes } = progress;
        this.#transfer.begin(bytes);
        this.#output.note(`copying ${name}: ${blobs - present} of ${blobs} blobs, ${formatBytes(bytes)}`);
        return;
      }
      case 'blob-progress':
        this.#transfer.advance(progress.digest, progress.copied, progress.size);
        return;
    }
  }
}
