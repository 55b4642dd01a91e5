/** What comes of a key of a Quadlet file: it is honoured as it is, by other means, or not at all. */
export type Verdict = 'taken' | 'otherwise' | 'refused';

/** What a person must know of one line that is not simply taken. */
export interface Finding {
  verdict: Exclude<Verdict, 'taken'>;
  /** Why, and what to do instead. */
  text: string;
}

/** It is honoured by other means. */
export function otherwise(text: string): Finding {
  return { verdict: 'otherwise', text };
}

/** It is not honoured; `instead` is what a person can do. */
export function refused(why: string, instead: string): Finding {
  return { verdict: 'refused', text: `${why}; ${instead}` };
}
