import { BerthError } from '../../errors.ts';
import { readGivenFile } from '../../given-file.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { quote } from '../../reference/quote.ts';
import { parseYamlMapping } from '../exports/yaml-mapping.ts';
import { checkSettable } from './values.ts';

/** The variables of a `--values` file, or pipe, in its order. Throws `value-invalid`, `io`, `interrupted`. */
export async function readValuesFile(file: string, signal: AbortSignal): Promise<Map<string, string>> {
  return parseValues(await readText(file, signal), file);
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

async function readText(file: string, signal: AbortSignal): Promise<string> {
  try {
    return (await readGivenFile(file, signal)).toString('utf8');
  } catch (error) {
    throw fileSystemError(error, 'cannot read values', file);
  }
}
