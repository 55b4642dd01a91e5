import type { DeploymentSummary, ServiceChange } from '../deployment/describe-change.ts';
import type { FileChange } from '../deployment/plan/change-files.ts';
import { shortDigest } from './short-digest.ts';

/** What changes of a service, for a person: image, files on the host, and the difference of what is rendered. */
export function changeLines({ service, from, to, files, diff }: ServiceChange): string[] {
  const image = from.image === to.image ? to.image : `${from.image} → ${to.image}`;
  return [
    `${service}: ${image}: ${describeDeployment(from)} → ${describeDeployment(to)}`,
    ...files.map((file) => `  ${fileLine(file)}`),
    ...(diff === '' ? [] : [abridge(diff)]),
  ];
}

// A line of "---" is not one that goes when the rest of a file's header follows it.
const GOES = '-(?!-- .*\\n\\+\\+\\+ .*\\n@@ ).*';
const COMES = '\\+.*';

/** Of many lines that come or go in one piece, the first are shown; to leave out but a few would save nothing. */
const SHOWN = 20;
const FEW = 10;
const LONG_RUN = new RegExp(
  [GOES, COMES].map((line) => `^${line}(?:\\n${line}){${SHOWN + FEW},}`).join('|'),
  'gm',
);

/** A difference without what nobody reads: a long list, or a file that is new, tells enough by how it begins. */
export function abridge(diff: string): string {
  return diff.replace(LONG_RUN, (run) => {
    const lines = run.split('\n');
    return [...lines.slice(0, SHOWN), `${run[0]}… and ${lines.length - SHOWN} lines more`].join('\n');
  });
}

function describeDeployment({ number, digest, version, rootfs }: DeploymentSummary): string {
  const facts = [version, shortDigest(digest), rootfs].filter((fact) => fact !== null);
  // The image's own words, of which none may look like another line of the report.
  return `deployment ${number} (${facts.join(', ').replace(/\s+/g, ' ')})`;
}

function fileLine({ path, change, as }: FileChange): string {
  switch (change) {
    case 'kept':
      return `kept     ${path}, which was changed${as === null ? '' : `; the new one is ${as}`}`;
    case 'saved':
      return `kept     ${path}, which was changed, as ${as}`;
    case 'added':
    case 'changed':
    case 'removed':
      return `${change.padEnd(8)} ${path}`;
  }
}
