import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';
import { TAR_END, tarHeader, tarPadding } from '../../image/tar-writer.ts';
import { syncDirectory } from '../../linux/durable.ts';

export interface NewArchiveOptions {
  /** Take the place of what is there. */
  replace?: boolean;
  /** Permission bits of the file; 0644 unless it is said. */
  mode?: number;
}

/**
 * A tar archive that is written beside its place, and takes it in one piece. The same entries give the
 * same bytes.
 */
export class NewArchive {
  readonly #path: string;
  readonly #temporary: string;
  readonly #replace: boolean;
  readonly #mode: number;
  #file: FileHandle | undefined;

  /**
   * Throws `destination-exists` when something is there that it shall not replace: an archive may be somebody's
   * only copy. Throws `io` when there is no such directory, before anything is fetched for it.
   */
  constructor(path: string, { replace = false, mode = 0o644 }: NewArchiveOptions = {}) {
    this.#path = path;
    this.#temporary = `${path}.berth-new`;
    this.#replace = replace;
    this.#mode = mode;
    if (!replace && existsSync(path)) throw occupied(path);
    const directory = dirname(path);
    if (existsSync(directory)) return;
    throw new BerthError('io', `cannot write: ${path}: no such directory: ${directory}`, {
      hint: `mkdir -p ${directory}`,
    });
  }

  /** Adds a file, of exactly `size` bytes. */
  async add(
    name: string,
    size: number,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const file = await this.#open();
    await file.appendFile(tarHeader({ type: 'file', name, size, mode: 0o644 }));
    for await (const chunk of content) await file.appendFile(chunk);
    await file.appendFile(tarPadding(size));
  }

  async commit(): Promise<void> {
    const file = await this.#open();
    await file.appendFile(TAR_END);
    await file.sync();
    if (this.#replace) renameSync(this.#temporary, this.#path);
    else this.#link();
    syncDirectory(dirname(this.#path));
  }

  #link(): void {
    try {
      // Unlike a rename, it replaces nothing that came there meanwhile.
      linkSync(this.#temporary, this.#path);
    } catch (error) {
      throw isErrno(error, 'EEXIST') ? occupied(this.#path) : error;
    }
    rmSync(this.#temporary);
  }

  /** Removes what did not come as far as its place. */
  async close(): Promise<void> {
    await this.#file?.close();
    if (this.#file !== undefined) rmSync(this.#temporary, { force: true });
    this.#file = undefined;
  }

  async #open(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file;
    rmSync(this.#temporary, { force: true });
    this.#file = await open(this.#temporary, 'wx', this.#mode);
    return this.#file;
  }
}

function occupied(path: string): BerthError {
  return new BerthError('destination-exists', `cannot write: ${path}: it is there already`, {
    hint: `remove it, or name another file`,
  });
}
