import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { type DeploymentSummary, summarizeDeployment } from './describe-change.ts';
import {
  type Content,
  contentOf,
  type HistoryReason,
  isSameContent,
  isSameDeployment,
  previousDeployment,
  readHistory,
} from './history.ts';
import { keptDeployments } from './kept-deployments.ts';
import { notInstalled } from './not-installed.ts';
import { readCurrentRecord } from './record.ts';

/** A deployment that is kept, or an image that was refused: then it has no number. */
export interface HistoryEntry extends Omit<DeploymentSummary, 'number'> {
  number: number | null;
  /** `vendor` for the deployment that came with the operating system. */
  origin: 'host' | 'vendor';
  state: 'current' | 'previous' | 'kept' | 'failed';
  /** RFC 3339, UTC: when it was made, or refused. */
  created: string;
  /** RFC 3339, UTC: when it last became the live one; null for one that was refused. */
  since: string | null;
  /** Why it last became the live one, or was refused. */
  why: HistoryReason | (string & {});
}

/** The deployments of a service that are kept, newest first. Throws `service-not-found`, `deployment-damaged`. */
export function listHistory(paths: Paths, name: ServiceName): HistoryEntry[] {
  const current = readCurrentRecord(paths, name);
  if (current === undefined) throw notInstalled(name, paths);
  const history = readHistory(paths, name);
  const kept = keptDeployments(paths, name);
  const previous = previousDeployment(history, kept, current);
  const entries = kept.toReversed().map((record): HistoryEntry => {
    const event = history.events.findLast((other) => isSameDeployment(other, record));
    return {
      ...summarizeDeployment(record),
      origin: record.vendor ? 'vendor' : 'host',
      state: isSameDeployment(record, current) ? 'current' : record === previous ? 'previous' : 'kept',
      created: record.created,
      since: event?.at ?? record.created,
      why: event?.what ?? 'install',
    };
  });
  const { refused } = history;
  const known = (content: Content) => kept.some((record) => isSameContent(contentOf(record), content));
  if (refused === null || known(refused)) return entries;
  const { digest, rootfs = null, at, why } = refused;
  const failed = {
    number: null,
    origin: 'host',
    state: 'failed',
    image: current.image.name,
    digest,
    rootfs,
  } as const;
  return [{ ...failed, version: null, created: at, since: null, why }, ...entries];
}
