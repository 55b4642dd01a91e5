import type { ServiceSummary } from '../deployment/summary.ts';
import { BerthError } from '../errors.ts';
import { nearest } from '../provision/host-file/nearest.ts';
import { commandLine } from './command-line.ts';
import { shownState } from './shown-state.ts';

/** What a filter can look at: any of these texts must match. */
const KEYS: Record<string, (service: ServiceSummary) => string[]> = {
  name: ({ service }) => [service],
  state: ({ state, subState }) => [shownState({ state, subState }), state ?? '-', subState ?? '-'],
  image: ({ image }) => {
    const shorter = image.replace(/^.*\//, '');
    return [image, shorter].flatMap((name) => [name, name.replace(/:[^:/]*$|@.*$/, '')]);
  },
};

/**
 * Whether a service is wanted: it matches, of each key that is named, one of the values, in which "*" and "?" stand for
 * other characters. Throws `usage` for what is no filter.
 */
export function parseFilters(texts: readonly string[]): (service: ServiceSummary) => boolean {
  const wanted = Map.groupBy(texts.map(parseFilter), ({ key }) => key);
  return (service) =>
    [...wanted].every(([key, filters]) =>
      filters.some(({ pattern }) => KEYS[key]?.(service).some((text) => pattern.test(text))),
    );
}

function parseFilter(text: string): { key: string; pattern: RegExp } {
  const [, key = text, value = ''] = /^(.*?)=(.*)$/s.exec(text) ?? [];
  const known = Object.keys(KEYS);
  const meant = known.includes(key) ? key : nearest(key, known);
  if (meant !== key) {
    const like = meant === undefined ? `one of ${known.join(', ')}` : `did you mean ${meant}?`;
    throw new BerthError('usage', `no such filter: ${key}: ${like}`, {
      hint: commandLine(['list', '--filter', `${meant ?? 'name'}=${value || '*'}`]),
    });
  }
  if (value === '') {
    throw new BerthError('usage', `a filter without a value: ${text}`, {
      hint: commandLine(['list', '--filter', `${key}=*`]),
    });
  }
  return { key, pattern: patternOf(value) };
}

function patternOf(glob: string): RegExp {
  const escaped = glob.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
