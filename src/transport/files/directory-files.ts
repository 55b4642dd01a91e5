import { constants, mkdirSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';
import { writeDurably } from '../../linux/durable.ts';
import { quote } from '../../reference/quote.ts';
import { archiveInvalid, type ImageFiles } from './image-files.ts';
import { openExisting, openRegular } from './open-regular.ts';
import { readRange } from './read-range.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/** The files below a directory; the way to each is walked without following any symlink. */
export class DirectoryFiles implements ImageFiles {
  readonly place: string;
  readonly #directory: FileHandle;

  private constructor(place: string, directory: FileHandle) {
    this.place = place;
    this.#directory = directory;
  }

  /** Throws `image-not-found`, `archive-invalid`. */
  static async open(path: string): Promise<DirectoryFiles> {
    const directory = await openExisting(path, path, O_RDONLY | O_DIRECTORY);
    if (directory !== undefined) return new DirectoryFiles(path, directory);
    throw new BerthError('image-not-found', `no such directory: ${path}`);
  }

  async size(name: string): Promise<number | undefined> {
    const file = await this.#open(name);
    if (file === undefined) return undefined;
    try {
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const file = await this.#open(name);
    if (file === undefined) throw new BerthError('image-not-found', `no such file: ${this.place}/${name}`);
    try {
      yield* readRange(file, 0, (await file.stat()).size, `${this.place}/${name}`);
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#directory.close();
  }

  /**
   * A directory below, open and to be closed, made where it is missing; `onMade` hears the path of what was made.
   * Throws `archive-invalid` where a symlink stands in its place, `io`.
   */
  async makeDirectory(name: string, onMade: (path: string) => void): Promise<FileHandle> {
    const parts = name.split('/');
    const make = (path: string, depth: number): void => {
      if (tryMakeDirectory(path)) onMade(join(this.place, ...parts.slice(0, depth + 1)));
    };
    const directory = await this.#descend(parts, this.#nameOf(name), make);
    if (directory !== undefined) return directory;
    throw archiveInvalid(this.place, `${quote(name)} was removed meanwhile`);
  }

  /** Puts a small file directly below, or another in its place; as `writeDurably`. */
  replace(name: string, text: string): void {
    writeDurably(within(this.#directory, name), text, 0o644);
  }

  #nameOf(name: string): string {
    return `${this.place}: ${quote(name)}`;
  }

  async #open(name: string): Promise<FileHandle | undefined> {
    const parents = name.split('/');
    const last = parents.pop() ?? '';
    const directory = await this.#descend(parents, this.#nameOf(name));
    if (directory === undefined) return undefined;
    try {
      return await openRegular(within(directory, last), this.#nameOf(name), O_NOFOLLOW);
    } finally {
      await this.#leave(directory);
    }
  }

  /** Opens a directory below, after `prepare` for each on the way to it. */
  async #descend(
    parts: readonly string[],
    what: string,
    prepare: (path: string, depth: number) => void = () => {},
  ): Promise<FileHandle | undefined> {
    let directory = this.#directory;
    for (const [depth, part] of parts.entries()) {
      const above = directory;
      try {
        prepare(within(above, part), depth);
        const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
        const next = await openExisting(within(above, part), what, flags);
        if (next === undefined) return undefined;
        directory = next;
      } finally {
        await this.#leave(above);
      }
    }
    return directory;
  }

  async #leave(directory: FileHandle): Promise<void> {
    if (directory !== this.#directory) await directory.close();
  }
}

/**
 * A path to a file in a directory that is open. Node has no openat(2); by way of /proc the kernel looks in that
 * directory, wherever its name leads by now.
 */
export function within(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}

function tryMakeDirectory(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}
