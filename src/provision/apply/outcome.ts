import { isDeepStrictEqual } from 'node:util';
import { type DeploymentSummary, summarizeDeployment } from '../../deployment/describe-change.ts';
import { contentOf, isSameContent } from '../../deployment/history.ts';
import type { DeploymentRecord } from '../../deployment/record.ts';
import { requestOf } from '../../deployment/service-request.ts';
import type { ServiceName } from '../../service-name.ts';

/**
 * What an apply does to a service. `reconfigure`: the image stays, and something else changes. `skip`: it is
 * left as it is, because what is declared failed before. `failed`: it is not as it is declared.
 */
export type Action =
  | 'install'
  | 'update'
  | 'reconfigure'
  | 'start'
  | 'stop'
  | 'remove'
  | 'unchanged'
  | 'skip'
  | 'failed';

/** How an apply went for one service, or would go. */
export interface Outcome {
  service: ServiceName;
  action: Action;
  /** The live deployment before and after; null for none. */
  from: DeploymentSummary | null;
  to: DeploymentSummary | null;
  /** The keys of host.yaml whose values differed, such as `values.PORT`; a sentence where there are none to blame. */
  reasons: string[];
}

/** True for what has changed the host. */
export function isChange({ action }: Outcome): boolean {
  return action !== 'unchanged' && action !== 'skip' && action !== 'failed';
}

/** Outcomes in the order in which services are declared; those of others come last. */
export function inOrder(
  outcomes: ReadonlyMap<ServiceName, Outcome>,
  declared: readonly { name: ServiceName }[],
): Outcome[] {
  const names = new Set([...declared.map(({ name }) => name), ...outcomes.keys()]);
  return [...names].flatMap((name) => outcomes.get(name) ?? []);
}

/** How one deployment takes the place of another, or of none. */
export function outcomeOf(before: DeploymentRecord | null, after: DeploymentRecord): Outcome {
  const [service, to] = [after.service, summarizeDeployment(after)];
  if (before === null) return { service, action: 'install', from: null, to, reasons: ['not installed'] };
  const from = summarizeDeployment(before);
  const image = from.image !== to.image || !isSameContent(contentOf(before), contentOf(after));
  const reasons = [...(image ? ['image'] : []), ...differences(before, after)];
  return { service, action: image ? 'update' : 'reconfigure', from, to, reasons };
}

/** The outcome for a service whose deployment stays. */
export function outcomeWithout(action: Action, record: DeploymentRecord, reasons: string[]): Outcome {
  const summary = summarizeDeployment(record);
  return {
    service: record.service,
    action,
    from: summary,
    to: action === 'remove' ? null : summary,
    reasons,
  };
}

function differences(before: DeploymentRecord, after: DeploymentRecord): string[] {
  const [old, young] = [requestOf(before), requestOf(after)];
  const values = [...new Set([...old.settings.keys(), ...young.settings.keys()])];
  const parts = [
    ['requires', old.dependencies.requires, young.dependencies.requires],
    ['after', old.dependencies.after, young.dependencies.after],
    ['before', old.dependencies.before, young.dependencies.before],
    ['sockets', old.sockets, young.sockets],
    ['mounts', old.mounts, young.mounts],
    ['resources', old.resources, young.resources],
  ] as const;
  return [
    ...values
      .filter((name) => old.settings.get(name) !== young.settings.get(name))
      .map((name) => `values.${name}`)
      .sort(),
    ...parts.filter(([, one, other]) => !isDeepStrictEqual(one, other)).map(([key]) => key),
  ];
}
