import { parse } from 'yaml';
import { BerthError, type ErrorCode, messageOf } from '../../errors.ts';

/** A YAML value of the failsafe schema: every scalar is text, as it is written. */
export type YamlValue = string | YamlValue[] | Map<string, YamlValue>;

/**
 * Reads a YAML document that is one mapping. Nothing is guessed: no types, no aliases (they can blow up),
 * no repeated keys. An empty document is an empty mapping. Throws an error of `code`, naming the file.
 */
export function parseYamlMapping(text: string, file: string, code: ErrorCode): Map<string, YamlValue> {
  let document: unknown;
  try {
    document = parse(text, {
      schema: 'failsafe',
      maxAliasCount: 0,
      mapAsMap: true,
      prettyErrors: true,
      logLevel: 'error',
    });
  } catch (error) {
    throw new BerthError(code, `broken YAML: ${file}: ${firstLine(messageOf(error))}`, { cause: error });
  }
  if (document === null || document === undefined || document === '') return new Map();
  const broken = document instanceof Map ? findOther(document) : 'it is not a mapping';
  if (broken !== undefined) throw new BerthError(code, `broken YAML: ${file}: ${broken}`);
  return document as Map<string, YamlValue>;
}

/** What in a document is not of YamlValue: a key that is a list, a tag of its own. */
function findOther(value: unknown): string | undefined {
  if (typeof value === 'string') return undefined;
  if (Array.isArray(value)) return firstOf(value.map(findOther));
  if (!(value instanceof Map)) return 'it holds something other than texts, lists and mappings';
  for (const key of value.keys()) if (typeof key !== 'string') return 'a key is not a text';
  return firstOf([...value.values()].map(findOther));
}

function firstOf(found: (string | undefined)[]): string | undefined {
  return found.find((broken) => broken !== undefined);
}

// The lines after the first show the file's text as it is.
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/:$/, '').replace(/\p{Cc}/gu, ' ');
}
