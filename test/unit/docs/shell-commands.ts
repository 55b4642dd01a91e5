// In turn: a joined line, white space, a comment, an operator, and a word with its quotes.
const TOKEN = /\\\n|[ \t]+|#.*|\n|\d?[<>]+&?|[|;&()]+|(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\|;&<>()])+/gs;

/** The command lines of a piece of shell, as words; assignments and sudo before them, and redirections, are left out. */
export function shellCommands(text: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let isRedirected = false;
  for (const [token] of text.matchAll(TOKEN)) {
    if (/^(?:[ \t]|\\\n)/.test(token)) continue;
    if (token.startsWith('#')) continue;
    if (/^\d?[<>]/.test(token)) {
      isRedirected = true;
    } else if (/^[|;&()\n]/.test(token)) {
      commands.push(words);
      words = [];
      isRedirected = false;
    } else if (isRedirected) {
      isRedirected = false;
    } else {
      const isBefore = words.length === 0 && (token === 'sudo' || /^\w+=/.test(token));
      if (!isBefore) words.push(token.replaceAll(/'([^']*)'|"([^"]*)"|\\(.)/gs, '$1$2$3'));
    }
  }
  return [...commands, words].filter(({ length }) => length > 0);
}
