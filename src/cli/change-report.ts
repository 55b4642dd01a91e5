import type { DeploymentSummary, ServiceChange } from '../deployment/describe-change.ts';
import type { FileChange } from '../deployment/plan/change-files.ts';
import { shortDigest } from './short-digest.ts';

/** What changes of a service, for a person: image, files on the host, and the difference of what is rendered. */
export function changeLines({ name, from, to, files, diff }: ServiceChange): string[] {
  const image = from.image === to.image ? to.image : `${from.image} → ${to.image}`;
  return [
    `${name}: ${image}: ${describeDeployment(from)} → ${describeDeployment(to)}`,
    ...files.map((file) => `  ${fileLine(file)}`),
    ...(diff === '' ? [] : [diff]),
  ];
}

function describeDeployment({ number, digest, version }: DeploymentSummary): string {
  return `deployment ${number} (${version === null ? '' : `${version}, `}${shortDigest(digest)})`;
}

function fileLine({ path, change, as }: FileChange): string {
  switch (change) {
    case 'kept':
      return `kept     ${path}, which was changed${as === undefined ? '' : `; the new one is ${as}`}`;
    case 'saved':
      return `kept     ${path}, which was changed, as ${as}`;
    case 'added':
    case 'changed':
    case 'removed':
      return `${change.padEnd(8)} ${path}`;
  }
}
