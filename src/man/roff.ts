const NAMED: Record<string, string> = {
  '\\': '\\(rs',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

/**
 * Text as roff takes it, to be read and pasted as it is (groff_char(7)): nothing of it is a request, a quote is
 * a quote, and "-" is not a hyphen. In ASCII, whatever the locale.
 */
export function escapeRoff(text: string): string {
  const escaped = text.replaceAll(/[\\'`^~"-]|[^\n -~]/gu, (character) => {
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    return NAMED[character] ?? `\\[u${code}]`;
  });
  return escaped.replaceAll(/^\./gm, '\\&.');
}

export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fR`;
}

/** What a page says of itself: of which version, and when it was written. */
export interface Edition {
  version: string;
  date: Date;
}

/** The first lines of a page. `section` is that of the manual. */
export function header(title: string, section: 1 | 5, { version, date }: Edition): string {
  const day = date.toISOString().slice(0, 10);
  return `.TH ${escapeRoff(title.toUpperCase())} ${section} ${day} "berth ${version}"`;
}

/** Empty where it has no lines. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

/** A term, which is roff already, and what it means. */
export function entry(term: string, meaning: string): string[] {
  return ['.TP', term, escapeRoff(meaning)];
}

/** Lines that stay as they are. */
export function verbatim(text: string): string[] {
  return ['.nf', escapeRoff(text), '.fi'];
}

/** References to other pages, such as berth(1). */
export function references(pages: readonly { name: string; section: number }[]): string[] {
  return pages.map(({ name, section }, index) => {
    const end = index === pages.length - 1 ? '' : ',';
    return `.BR ${escapeRoff(name)} (${section})${end}`;
  });
}
