/**
 * An EJS template taken apart at its tags: the text that stands outside of them, and the code inside. A tag
 * that is not closed counts as text; EJS itself refuses it.
 */
export function splitEjs(text: string): { outside: string; inside: string[] } {
  const inside: string[] = [];
  let outside = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf('<%', at);
    const end = start === -1 ? -1 : text.indexOf('%>', start + 2);
    if (end === -1) return { outside: outside + text.slice(at), inside };
    outside += text.slice(at, start);
    // "<%#" is a comment, "<%%" a tag that is meant as text.
    if (!/[#%]/.test(text.charAt(start + 2))) inside.push(text.slice(start + 2, end));
    at = end + 2;
  }
}
