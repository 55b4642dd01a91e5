import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import hostSchema from '../../../schemas/host.schema.json' with { type: 'json' };
import { fileSystemError } from '../../linux/file-system.ts';
import { quote } from '../../reference/quote.ts';
import { checkSchema, type Schema } from './check-schema.ts';
import { findMatches } from './find-matches.ts';
import { Mistakes } from './mistakes.ts';
import { parseTree } from './parse-tree.ts';
import { decodeText, readBytes } from './read-text.ts';
import { mergeTrees, scalarsAt, type TreeMapping, type TreeScalar } from './tree.ts';
import { expandVariables } from './variables.ts';

const MOST_FILES = 256;
const DEEPEST_INCLUDE = 8;

/** Reads files and what they include into one tree. What a file includes is read before it, each file once. */
export class FileLoader {
  /** Without symlinks, in the order in which they were read. */
  readonly files: string[] = [];
  /** Includes that no file matches. */
  readonly doubts = new Mistakes('host-invalid', 'cannot remove what is not declared');
  readonly #env: NodeJS.ProcessEnv;
  readonly #mistakes: Mistakes;
  readonly #open: string[] = [];
  #tree: TreeMapping | undefined;
  #isWhole = true;

  constructor(env: NodeJS.ProcessEnv, mistakes: Mistakes) {
    this.#env = env;
    this.#mistakes = mistakes;
  }

  /** All that was read, later files laid upon earlier ones; undefined where a file could not be read to its end. */
  get tree(): TreeMapping | undefined {
    return this.#isWhole ? this.#tree : undefined;
  }

  /** Throws `io`. */
  addFile(path: string): void {
    const real = realPath(path);
    if (this.files.includes(real)) return;
    this.#open.push(real);
    this.#add(readBytes(path, this.#mistakes), path, real);
    this.#open.pop();
    this.files.push(real);
  }

  /** Text that is in no file, and so can include none; `file` is what messages call it. */
  addText(bytes: Uint8Array, file: string): void {
    this.#add(bytes, file, undefined);
  }

  #add(bytes: Uint8Array | undefined, file: string, real: string | undefined): void {
    const text = bytes === undefined ? undefined : decodeText(bytes, file, this.#mistakes);
    const tree = text === undefined ? undefined : parseTree(text, file, this.#mistakes);
    const expanded = tree?.kind === 'mapping' ? expandVariables(tree, this.#env, this.#mistakes) : tree;
    const checked = expanded === undefined ? undefined : checkSchema(expanded, SCHEMA, this.#mistakes);
    if (checked?.kind !== 'mapping') {
      this.#isWhole = false;
      return;
    }
    for (const pattern of scalarsAt(checked, 'include')) this.#include(pattern, file, real);
    this.#tree = this.#tree === undefined ? checked : mergeTrees(this.#tree, checked);
  }

  #include({ text, position }: TreeScalar, from: string, real: string | undefined): void {
    const tell = (mistakes: Mistakes, cause: string): void => {
      mistakes.add(position, `include: ${quote(text)}: ${cause}`);
    };
    const refuse = (cause: string): void => tell(this.#mistakes, cause);
    if (real === undefined) {
      refuse(`${from} cannot include files: name a file with -f`);
      return;
    }
    const directory = dirname(real);
    const found = findMatches(directory, text);
    // A directory may have no files for now; a file that is named is meant to be there.
    if (found.length === 0)
      tell(text.includes('*') ? this.doubts : this.#mistakes, `no such file in ${directory}`);
    for (const path of found) {
      const target = realPath(path);
      const cause = this.#against(target, directory);
      if (cause === undefined) this.addFile(target);
      else refuse(cause);
    }
  }

  /** Why a file in `directory` may not include another. */
  #against(target: string, directory: string): string | undefined {
    if (!target.startsWith(directory === '/' ? '/' : `${directory}/`)) {
      return `it leads to ${target}: a file includes what is below its own directory, ${directory}`;
    }
    if (this.#open.includes(target)) {
      const circle = [...this.#open.slice(this.#open.indexOf(target)), target];
      return `files include one another: ${circle.join(' -> ')}`;
    }
    if (this.#open.length > DEEPEST_INCLUDE) return `more than ${DEEPEST_INCLUDE} files include one another`;
    if (this.files.length + this.#open.length >= MOST_FILES) return `more than ${MOST_FILES} files`;
    return undefined;
  }
}

const SCHEMA: Schema = hostSchema;

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw fileSystemError(error, 'cannot read', path);
  }
}
