/** One challenge of a WWW-Authenticate header: scheme and parameter names in lower case. */
export interface Challenge {
  scheme: string;
  parameters: Map<string, string>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN68 = /[0-9A-Za-z\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const SPACE = /[ \t]*/y;
const SEPARATOR = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;

/**
 * The challenges of one or more WWW-Authenticate headers joined by commas (RFC 9110, 11.6.1).
 * A comma separates parameters and challenges alike, so what follows a name tells which it is.
 * What does not fit the grammar ends the list: what was understood before it still helps.
 */
export function parseChallenges(header: string): Challenge[] {
  const reader = new HeaderReader(header);
  const challenges: Challenge[] = [];
  for (;;) {
    reader.take(SEPARATOR);
    const name = reader.take(TOKEN)?.[0];
    if (name === undefined) return challenges;
    const current = challenges.at(-1);
    if (current !== undefined && reader.take(EQUALS) !== undefined) {
      const value = reader.value();
      if (value === undefined) return challenges;
      // The first of two of the same name counts, so that nothing appended can change it.
      const key = name.toLowerCase();
      if (!current.parameters.has(key)) current.parameters.set(key, value);
    } else {
      challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
      reader.take(SPACE);
      reader.skipToken68();
    }
  }
}

class HeaderReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#position = pattern.lastIndex;
    return match;
  }

  value(): string | undefined {
    const quoted = this.take(QUOTED)?.[1];
    return quoted === undefined ? this.take(TOKEN)?.[0] : quoted.replace(/\\(.)/g, '$1');
  }

  /** Such as `Negotiate abc=`; "Basic, Bearer …" has none, there the next scheme follows a comma. */
  skipToken68(): void {
    this.take(TOKEN68);
  }
}
