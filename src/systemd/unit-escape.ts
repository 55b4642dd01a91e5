import { BerthError } from '../errors.ts';

/** Any text as a part of a unit's name, as systemd-escape(1) does: "/" becomes "-", the rest `\xNN`. */
export function escapeUnitName(text: string): string {
  return [...Buffer.from(text)].map((byte, index) => escapeByte(byte, index === 0)).join('');
}

/** The reverse of `escapeUnitName`. Throws `unit-invalid` for a broken escape. */
export function unescapeUnitName(escaped: string): string {
  const bytes = escaped.replaceAll('-', '/').replace(/\\(x[0-9a-fA-F]{2})?/g, (_, hex?: string) => {
    if (hex === undefined) {
      throw new BerthError('unit-invalid', `broken escape in a unit name: ${JSON.stringify(escaped)}`);
    }
    return String.fromCharCode(Number.parseInt(hex.slice(1), 16));
  });
  return Buffer.from(bytes, 'latin1').toString();
}

/** An absolute path as the name of a mount or path unit, as `systemd-escape --path`. Throws `unit-invalid`. */
export function escapeUnitPath(path: string): string {
  const components = path.split('/').filter((component) => component !== '' && component !== '.');
  if (!path.startsWith('/') || components.includes('..')) {
    throw new BerthError('unit-invalid', `not an absolute, normal path: ${JSON.stringify(path)}`);
  }
  return components.length === 0 ? '-' : escapeUnitName(components.join('/'));
}

function escapeByte(byte: number, first: boolean): string {
  const character = String.fromCharCode(byte);
  if (character === '/') return '-';
  if (/[A-Za-z0-9:_]/.test(character) || (character === '.' && !first)) return character;
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
