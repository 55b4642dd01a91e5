import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import type { ImageFiles } from './image-files.ts';
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

  // Node has no openat(2); by way of /proc the kernel looks in the directory that is open, wherever its
  // name leads by now.
  async #open(name: string): Promise<FileHandle | undefined> {
    const what = `${this.place}: ${quote(name)}`;
    const parents = name.split('/');
    const last = parents.pop() ?? '';
    let directory = this.#directory;
    try {
      for (const parent of parents) {
        const next = await openExisting(within(directory, parent), what, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (directory !== this.#directory) await directory.close();
        directory = next ?? this.#directory;
        if (next === undefined) return undefined;
      }
      return await openRegular(within(directory, last), what, O_NOFOLLOW);
    } finally {
      if (directory !== this.#directory) await directory.close();
    }
  }
}

function within(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}
