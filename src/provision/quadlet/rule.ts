import type { Draft } from './draft.ts';
import { type Finding, otherwise, refused, type Verdict } from './finding.ts';

/** What is done about a key. */
export interface Rule {
  /** What becomes of it as a rule; of single values it may be less. */
  verdict: Verdict;
  /** True for a key of which all lines up to an empty one count, and not the last alone. */
  isList: boolean;
  /** Takes a value, with its specifiers put in, into the draft; the finding if it is not simply taken. */
  read(value: string, draft: Draft): Finding | undefined;
}

type Read = Rule['read'];

/** A key whose values are taken, but for those of which `read` finds something. */
export function taken(read: Read): Rule {
  return { verdict: 'taken', isList: false, read };
}

/** The same of a key that may stand there many times. */
export function takenAll(read: Read): Rule {
  return { verdict: 'taken', isList: true, read };
}

/** A key that is honoured by other means. */
export function takenOtherwise(read: Read): Rule {
  return { verdict: 'otherwise', isList: true, read };
}

/** A key that, with one of these values, says what is so anyway. */
export function takenAsIs(values: RegExp, why: string, instead: string): Rule {
  return taken((value) => (values.test(value) ? undefined : refused(why, instead)));
}

/** A key that would change nothing. */
export function needless(why: string): Rule {
  return takenOtherwise(() => otherwise(why));
}

/** A key that is not honoured. */
export function notTaken(why: string, instead: string): Rule {
  return { verdict: 'refused', isList: true, read: () => refused(why, instead) };
}

/** A key that host.yaml does not have, and a drop-in of the unit has as `line`. */
export function byDropIn(section: string, line: string): Rule {
  return {
    verdict: 'refused',
    isList: true,
    read: (_value, { name }) =>
      refused('host.yaml has no such key', `systemctl edit ${name}, and write ${line} below [${section}]`),
  };
}

/** As systemd reads truth values; undefined for what is none. */
export function truthOf(value: string): boolean | undefined {
  if (/^(?:1|yes|y|true|t|on)$/i.test(value)) return true;
  return /^(?:0|no|n|false|f|off)$/i.test(value) ? false : undefined;
}
