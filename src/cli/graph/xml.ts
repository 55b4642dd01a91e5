/** Text for an XML document, in an element or an attribute. */
export function escapeXml(text: string): string {
  // What XML does not have, no reference can bring back.
  const allowed = text.toWellFormed().replace(/[\p{Cc}\ufffe\uffff]/gu, '\ufffd');
  return allowed.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An SVG document of this size in pixels, on white so that it can be read on any page. */
export function svgDocument(
  width: number,
  height: number,
  title: string,
  content: readonly string[],
): string {
  const size = `width="${Math.ceil(width)}" height="${Math.ceil(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="13">`,
    `<title>${escapeXml(title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...content,
    '</svg>',
  ].join('\n');
}

/** Pixels that a text surely fits in, bold or not, whatever sans-serif font draws it in this size. */
export function textWidth(text: string, size = 13): number {
  const ems = [...text].map((character) =>
    /[mwMW@%]/.test(character) ? 1.15 : /[A-Z_]/.test(character) ? 0.85 : 0.7,
  );
  return Math.ceil(ems.reduce((sum, em) => sum + em, 0) * size);
}
