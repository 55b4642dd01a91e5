/** An element of a document, without its children; `text` is what stands directly in it. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  text: string;
}

/** The elements of an XML document in their order. Throws for what is not well-formed, as far as drawings go. */
export function readXml(document: string): XmlElement[] {
  const elements: XmlElement[] = [];
  const open: XmlElement[] = [];
  const token = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<&]*(?:&#\d+;[^"<&]*)*")*)\s*(\/?)>|([^<]+)/gy;
  while (token.lastIndex < document.length) {
    const at = token.lastIndex;
    const match = token.exec(document);
    if (match === null) throw new Error(`not well-formed at: ${document.slice(at, at + 80)}`);
    const [, closing, name = '', attributes = '', empty, text] = match;
    if (text !== undefined) {
      const top = open.at(-1);
      if (top === undefined && text.trim() !== '') throw new Error(`text outside the root: ${text}`);
      if (top !== undefined) top.text += decode(text);
    } else if (closing === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes another element`);
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
        ([, key = '', value = '']) => [key, decode(value)] as const,
      );
      if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
        throw new Error(`an attribute twice: ${attributes}`);
      const element = { name, attributes: Object.fromEntries(pairs), text: '' };
      elements.push(element);
      if (empty === '') open.push(element);
    }
  }
  if (open.length > 0) throw new Error(`not closed: ${open.at(-1)?.name}`);
  return elements;
}

function decode(text: string): string {
  if (/&(?!#\d+;)/.test(text)) throw new Error(`a bare "&" in: ${text}`);
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}
