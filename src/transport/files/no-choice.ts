import { BerthError } from '../../errors.ts';
import {
  type DockerArchiveReference,
  formatImageReference,
  type LayoutReference,
} from '../../reference/image-reference.ts';
import { quote } from '../../reference/quote.ts';

/** Names that messages list. */
const SHOWN = 20;

/** No image of those in a layout or an archive is meant by a reference; `names` are those there. */
export function notAmong(
  reference: LayoutReference | DockerArchiveReference,
  names: readonly string[],
): BerthError {
  return noChoice('image-not-found', 'no such image', reference, names);
}

/** More than one may be meant. */
export function ambiguous(
  reference: LayoutReference | DockerArchiveReference,
  names: readonly string[],
): BerthError {
  return noChoice('usage', 'more than one image', reference, names);
}

function noChoice(
  code: 'image-not-found' | 'usage',
  what: string,
  reference: LayoutReference | DockerArchiveReference,
  names: readonly string[],
): BerthError {
  const list = names.length === 0 ? 'none with a name' : names.slice(0, SHOWN).map(quote).join(', ');
  // Names are the archive's own words, and hints are pasted into a shell.
  const name = names.find((each) => /^[\w./:@+-]+$/.test(each));
  const choice = name === undefined ? { name, index: 0 } : { name, index: undefined };
  return new BerthError(code, `${what}: ${formatImageReference(reference)}: there is ${list}`, {
    hint: `name one, such as ${formatImageReference({ ...reference, ...choice })}`,
  });
}
