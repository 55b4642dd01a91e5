/** What GVariant's text format calls characters that are not written as they are. */
const ESCAPES: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The string that `ostree show --print-metadata-key` prints as a GVariant; undefined for another type. */
export function readGvariantString(text: string): string | undefined {
  // It may have megabytes: one expression for all of it would run out of stack.
  const printed = text.trimEnd();
  const quote = printed[0] ?? '';
  if (printed.length < 2 || !['"', "'"].includes(quote) || !printed.endsWith(quote)) return undefined;
  const escaped = /\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gs;
  return printed.slice(1, -1).replace(escaped, (_, short, long, character) => {
    const code = short ?? long;
    return code === undefined
      ? (ESCAPES[character] ?? character)
      : String.fromCodePoint(Number.parseInt(code, 16));
  });
}
