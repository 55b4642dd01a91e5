import { type ApplyOptions, apply } from '../../deployment/apply/apply.ts';
import { prepareInstall } from '../../deployment/plan/install.ts';
import { planAtRest } from '../../deployment/plan/plan-at-rest.ts';
import { prepareUninstall } from '../../deployment/plan/uninstall.ts';
import type { UpdateHost } from '../../deployment/plan/update.ts';
import { listServices, readCurrentRecord } from '../../deployment/record.ts';
import { applyUpdate, prepareUpdate } from '../../deployment/update.ts';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { ServiceName } from '../../service-name.ts';
import type { DeclaredService } from '../declared-service.ts';
import type { Mistakes } from '../host-file/mistakes.ts';
import { inOrder, type Outcome, outcomeOf, outcomeWithout } from './outcome.ts';
import { startUnits } from './start-units.ts';
import { findTargets, type TargetRequest } from './targets.ts';
import { findStateChange, planStates, type StateChange, withStates } from './unit-states.ts';

/** What a host is to have, and how it comes to have it. */
export interface ApplyRequest extends TargetRequest {
  /** Remove services that an earlier apply installed and that are not declared any more. */
  prune: boolean;
  /** Whether files that are not there may declare what would be removed: then, nothing is. */
  doubts?: Mistakes;
  /** A path or a name of the OCI runtime for services that are installed; found on the host when undefined. */
  runtime: string | undefined;
  /** Seconds to watch what was restarted. */
  soak: number;
  /** How many deployments of a service to keep, the live one included. */
  keep: number;
}

/** How it went. */
export interface AppliedHost {
  /** In the order in which services are declared, those that were removed last. */
  outcomes: Outcome[];
  /** Why something is not as it is declared. */
  errors: BerthError[];
}

/**
 * The services that an earlier apply installed and that are not declared any more. What comes with the operating
 * system is none of them.
 */
export function findSurplus(services: readonly DeclaredService[], paths: Paths): ServiceName[] {
  const declared = new Set(services.map(({ name }) => name));
  return listServices(paths).filter((name) => {
    const record = declared.has(name) ? undefined : readCurrentRecord(paths, name);
    return record?.declared === true && record.vendor !== true;
  });
}

/**
 * Makes a host have what is declared, in four changes at most: what is not there is installed, then what differs
 * is updated, then what is surplus is removed; at last units are enabled, stopped and started. Each change is
 * made as a whole or not at all, and one that fails does not keep the next from being made. The
 * caller holds the writer's lock. Throws `interrupted`.
 */
export async function applyHost(
  request: ApplyRequest,
  host: UpdateHost,
  session: ApplyOptions,
): Promise<AppliedHost> {
  const run = new HostRun(request, host, session);
  await run.install();
  await run.update();
  await run.remove();
  await run.settle();
  return { outcomes: run.outcomes, errors: run.errors };
}

class HostRun {
  readonly errors: BerthError[] = [];
  readonly #outcomes = new Map<ServiceName, Outcome>();
  readonly #request: ApplyRequest;
  readonly #host: UpdateHost;
  readonly #session: ApplyOptions;
  readonly #targets: ReturnType<typeof findTargets>;

  constructor(request: ApplyRequest, host: UpdateHost, session: ApplyOptions) {
    this.#request = request;
    this.#host = host;
    this.#session = session;
    this.#targets = findTargets(request, host.paths);
  }

  get outcomes(): Outcome[] {
    return inOrder(this.#outcomes, this.#request.services);
  }

  async install(): Promise<void> {
    const targets = this.#targets.install;
    if (targets.length === 0) return;
    const work = async () => {
      const request = { ...this.#request, targets, rootfs: undefined, now: false, force: false };
      const { plan, staged } = await prepareInstall(request, this.#host);
      await apply(plan, this.#session);
      for (const { record } of staged) this.#tell(outcomeOf(null, record));
    };
    await this.#attempt(work, () => targets.map(({ name }) => name));
  }

  async update(): Promise<void> {
    const targets = this.#targets.update;
    if (targets.length === 0) return;
    const work = async () => {
      const prepared = await prepareUpdate({ ...this.#request, targets, keepStarted: false }, this.#host);
      for (const record of prepared.current) this.#tell(outcomeWithout('unchanged', record, []));
      for (const { record, refusal } of prepared.refused) {
        this.#tell(outcomeWithout('skip', record, [refusal.why]));
      }
      if (prepared.change === undefined) return;
      await applyUpdate(prepared.change, this.#session);
      for (const { before, record } of prepared.change.successors) this.#tell(outcomeOf(before, record));
    };
    const names = targets.map(({ name }) => name);
    await this.#attempt(work, () => names.filter((name) => !this.#outcomes.has(name)));
  }

  async remove(): Promise<void> {
    const { services, prune, doubts } = this.#request;
    const { paths, systemd, warn } = this.#host;
    const names = prune ? findSurplus(services, paths) : [];
    if (names.length === 0) return;
    const work = async () => {
      doubts?.throwAny();
      const records = names.flatMap((name) => readCurrentRecord(paths, name) ?? []);
      const plan = await prepareUninstall(names, { paths, systemd, force: false, purge: false, warn });
      await apply(plan, this.#session);
      for (const record of records) this.#tell(outcomeWithout('remove', record, ['not declared']));
    };
    await this.#attempt(work, () => names);
  }

  async settle(): Promise<void> {
    const { systemd, paths } = this.#host;
    const changes: StateChange[] = [];
    for (const service of this.#request.services) {
      const record = readCurrentRecord(paths, service.name);
      const change = record && (await findStateChange(service, record, systemd));
      if (change !== undefined) changes.push(change);
    }
    const work = async () => {
      const plan = planStates(changes);
      if (plan !== undefined) await apply(planAtRest(plan, systemd), this.#session);
      for (const change of changes) {
        const outcome = this.#outcomes.get(change.record.service);
        if (outcome !== undefined) this.#tell(withStates(outcome, change));
      }
    };
    await this.#attempt(work, () => changes.map(({ record }) => record.service));
    const failures = await startUnits(
      changes.flatMap(({ start }) => start ?? []),
      this.#host,
    );
    for (const { record, start } of changes) {
      const error = failures.get(start ?? '');
      if (error !== undefined) this.#fail([record.service], error);
    }
  }

  /** Where work fails, none of these services is as it is declared, and the next work is done all the same. */
  async #attempt(work: () => Promise<void>, concerned: () => readonly ServiceName[]): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof BerthError) || error.code === 'interrupted') throw error;
      this.#fail(concerned(), error);
    }
  }

  #fail(names: readonly ServiceName[], error: BerthError): void {
    this.errors.push(error);
    for (const service of names) {
      const { from = null, to = null } = this.#outcomes.get(service) ?? {};
      this.#tell({ service, action: 'failed', from, to, reasons: [error.message] });
    }
  }

  #tell(outcome: Outcome): void {
    this.#outcomes.set(outcome.service, outcome);
  }
}
