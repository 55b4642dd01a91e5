import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { BerthError } from '../../errors.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { quote } from '../../reference/quote.ts';
import { parseYamlMapping } from '../exports/yaml-mapping.ts';
import { checkSettable } from './values.ts';

const MAX_FILE = 1024 * 1024;

/** The variables of a `--values` file, in its order. Throws `value-invalid` or `io`. */
export function readValuesFile(file: string): Map<string, string> {
  return parseValues(readText(file), file);
}

/**
 * Variables as YAML: one mapping of names to scalars. A scalar counts as it is written, so `1.10` stays
 * "1.10" and `yes` stays "yes". Throws `value-invalid`, naming the file and the variable.
 */
export function parseValues(text: string, file: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of parseYamlMapping(text, file, 'value-invalid')) {
    if (typeof value !== 'string') {
      throw new BerthError(
        'value-invalid',
        `cannot use the value of ${quote(name)}: ${file}: it is not a single text`,
        {
          hint: 'a fragment of JSON goes between single quotes',
        },
      );
    }
    checkSettable(name, value, file);
    values.set(name, value);
  }
  return values;
}

function readText(file: string): string {
  try {
    const descriptor = openSync(file, constants.O_RDONLY);
    try {
      if (fstatSync(descriptor).size > MAX_FILE) {
        throw new BerthError('io', `cannot read values: ${file}: it is larger than 1 MiB`);
      }
      return readFileSync(descriptor, 'utf8');
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileSystemError(error, 'cannot read values', file);
  }
}
