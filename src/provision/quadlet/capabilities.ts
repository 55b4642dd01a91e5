import { defaultCapabilities } from '../../runtime/capabilities.ts';
import { splitWords } from '../../systemd/split-words.ts';
import { type Finding, refused } from './finding.ts';

/** What a person can do who needs what berth's own config.json does not give. */
export const EXPORTS = 'have the image bring a config.json in /exports that says it';

const GIVEN = defaultCapabilities(0, []).bounding;

/** `AddCapability=`: what a service of root has anyway can be had. */
export function addCapabilities(value: string): Finding | undefined {
  const more = capabilities(value).filter((name) => !GIVEN.includes(name));
  return more.length === 0 ? undefined : refused(`services get no ${more.join(', ')}`, EXPORTS);
}

/** `DropCapability=`: what no service has can be left out. */
export function dropCapabilities(value: string): Finding | undefined {
  const kept = capabilities(value).filter((name) => name === 'CAP_ALL' || GIVEN.includes(name));
  return kept.length === 0 ? undefined : refused(`a service of root keeps ${GIVEN.join(', ')}`, EXPORTS);
}

function capabilities(value: string): string[] {
  return splitWords(value).map((word) => `CAP_${word.toUpperCase().replace(/^CAP_/, '')}`);
}
