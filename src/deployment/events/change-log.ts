import { messageOf } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { ServiceName } from '../../service-name.ts';
import { type JournalFields, sendToJournal } from '../../systemd/journal-socket.ts';
import type { Plan } from '../plan/plan.ts';
import { type DeploymentRecord, readCurrentRecord } from '../record.ts';

/** What the journal knows berth's own entries by, made once for all time (sd-id128(3)). */
export const CHANGE_MESSAGE = {
  done: '393b0d412637436d9fa2ba5453a7f73a',
  failed: 'ef3c71b0184d42cda900f822c8cc44f1',
} as const;

/** What becomes of services, told to the journal of the running system; below another root to nobody. */
export class ChangeLog {
  readonly #plan: Plan;
  readonly #paths: Paths;
  readonly #warn: (text: string) => void;
  readonly #before: ReadonlyMap<ServiceName, DeploymentRecord | undefined>;

  /** Before the first step of a plan, or before an interrupted one is ended. */
  constructor(plan: Plan, { paths, warn }: { paths: Paths; warn(text: string): void }) {
    this.#plan = plan;
    this.#paths = paths;
    this.#warn = warn;
    const services = plan.steps.flatMap((step) => ('service' in step ? [step.service] : []));
    this.#before = new Map(this.#silent ? [] : services.map((name) => [name, find(paths, name)]));
  }

  /** Says that all of it is done. */
  done(): void {
    this.#tell('done', this.#plan.title);
  }

  /** Says that it failed, and why. */
  failed(error: unknown): void {
    this.#tell('failed', `cannot ${this.#plan.title}: ${messageOf(error)}`);
  }

  /** Says in these words how a change was ended that another process began. */
  recovered(message: string): void {
    this.#tell('done', message, 'recover');
  }

  get #silent(): boolean {
    return this.#paths.root !== '/' || this.#paths.isVendor;
  }

  #tell(result: keyof typeof CHANGE_MESSAGE, message: string, action?: string): void {
    if (this.#silent) return;
    const common = {
      MESSAGE: message,
      MESSAGE_ID: CHANGE_MESSAGE[result],
      // LOG_NOTICE and LOG_ERR of syslog(3).
      PRIORITY: result === 'done' ? '5' : '3',
      SYSLOG_IDENTIFIER: 'berth',
      BERTH_RESULT: result,
    };
    const entries =
      this.#before.size === 0
        ? [{ BERTH_ACTION: action ?? 'change' }]
        : [...this.#before].map(([name, before]) => this.#describe(name, before, action));
    try {
      for (const entry of entries) sendToJournal({ ...common, ...entry });
    } catch (error) {
      this.#warn(`cannot write to the journal: ${messageOf(error)}`);
    }
  }

  #describe(name: ServiceName, before: DeploymentRecord | undefined, action?: string): JournalFields {
    const now = find(this.#paths, name);
    const record = now ?? before;
    return {
      BERTH_SERVICE: name,
      BERTH_ACTION: action ?? this.#actionOn(name),
      ...(record && { BERTH_IMAGE: record.image.name, BERTH_DIGEST: record.image.manifestDigest }),
      ...(now && { BERTH_DEPLOYMENT: String(now.number) }),
      ...(before && {
        BERTH_PREVIOUS: String(before.number),
        BERTH_PREVIOUS_DIGEST: before.image.manifestDigest,
      }),
    };
  }

  #actionOn(name: ServiceName): string {
    const own = this.#plan.steps.filter((step) => 'service' in step && step.service === name);
    for (const step of own) if (step.kind === 'history') return step.event.what;
    if (own.some(({ kind }) => kind === 'deployment')) return 'install';
    return own.some(({ kind }) => kind === 'retire') ? 'uninstall' : 'change';
  }
}

/** A record that cannot be read is no reason to change nothing: what repairs it is a change. */
function find(paths: Paths, name: ServiceName): DeploymentRecord | undefined {
  try {
    return readCurrentRecord(paths, name);
  } catch {
    return undefined;
  }
}
