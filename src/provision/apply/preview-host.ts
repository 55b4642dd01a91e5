import { type PreparedInstall, prepareInstall } from '../../deployment/plan/install.ts';
import type { UpdateHost } from '../../deployment/plan/update.ts';
import { readCurrentRecord } from '../../deployment/record.ts';
import { type PreparedUpdate, prepareUpdate } from '../../deployment/update.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Store } from '../../store/store.ts';
import { type ApplyRequest, findSurplus } from './apply-host.ts';
import { inOrder, type Outcome, outcomeOf, outcomeWithout } from './outcome.ts';
import { findTargets } from './targets.ts';
import { findStateChange, withStates } from './unit-states.ts';

/** What an apply would do. */
export interface HostPreview extends Pick<PreparedInstall, 'staged'>, Pick<PreparedUpdate, 'change'> {
  /** In the order in which services are declared, those that would be removed last. */
  outcomes: Outcome[];
}

/**
 * Finds out what an apply would do, in stores of its own, of which each has room for what one change stages;
 * nothing on the host is changed. Throws what
 * `prepareInstall` and `prepareUpdate` throw, and `host-invalid`.
 */
export async function previewHost(
  request: ApplyRequest,
  host: UpdateHost,
  installStore: Store,
): Promise<HostPreview> {
  const targets = findTargets(request, host.paths);
  const install = { ...request, targets: targets.install, rootfs: undefined, now: false, force: false };
  const { staged } = await prepareInstall(install, { ...host, store: installStore });
  const update = { ...request, targets: targets.update, keepStarted: false, coming: staged };
  const { current, refused, change } = await prepareUpdate(update, host);
  const outcomes = new Map<ServiceName, Outcome>();
  const tell = (outcome: Outcome) => outcomes.set(outcome.service, outcome);
  for (const { record } of staged) tell(outcomeOf(null, record));
  for (const { before, record } of change?.successors ?? []) tell(outcomeOf(before, record));
  for (const { record, refusal } of refused) tell(outcomeWithout('skip', record, [refusal.why]));
  for (const record of current) {
    const service = request.services.find(({ name }) => name === record.service);
    const states = service && (await findStateChange(service, record, host.systemd));
    const outcome = outcomeWithout('unchanged', record, []);
    tell(states === undefined ? outcome : withStates(outcome, states));
  }
  const surplus = request.prune ? findSurplus(request.services, host.paths) : [];
  if (surplus.length > 0) request.doubts?.throwAny();
  for (const name of surplus) {
    const record = readCurrentRecord(host.paths, name);
    if (record !== undefined) tell(outcomeWithout('remove', record, ['not declared']));
  }
  return { outcomes: inOrder(outcomes, request.services), staged, change };
}
