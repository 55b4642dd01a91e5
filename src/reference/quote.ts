const LONGEST = 120;

/**
 * A value from outside as part of a message: quoted, control characters escaped, cut when long.
 * Messages reach terminals and journals, so nothing hostile may pass through them raw.
 */
export function quote(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  if (typeof value !== 'string') return String(value);
  const text = value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
  // JSON leaves DEL and the C1 controls alone, and terminals obey some of those; the others reorder text.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
