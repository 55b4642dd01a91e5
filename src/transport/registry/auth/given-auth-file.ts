import { BerthError, isErrno } from '../../../errors.ts';
import { readGivenFile } from '../../../given-file.ts';
import { AuthFile, unreadable } from './auth-file.ts';

/** The auth file that a person names instead of the usual ones. It may be a pipe, so it is read once, when it is needed. */
export class GivenAuthFile {
  readonly file: string;
  readonly #signal: AbortSignal | undefined;
  #content: Promise<AuthFile> | undefined;

  constructor(file: string, signal?: AbortSignal) {
    this.file = file;
    this.#signal = signal;
  }

  /** That of an option, or else of the environment; undefined where none is named. */
  static find(
    option: string | undefined,
    env: NodeJS.ProcessEnv,
    signal?: AbortSignal,
  ): GivenAuthFile | undefined {
    const file = option ?? (env['REGISTRY_AUTH_FILE'] || undefined);
    return file === undefined ? undefined : new GivenAuthFile(file, signal);
  }

  /** Throws `auth-file-invalid` for one that cannot be read or is not there; `interrupted`. */
  async read(): Promise<AuthFile> {
    this.#content ??= this.#read();
    return await this.#content;
  }

  async #read(): Promise<AuthFile> {
    try {
      const bytes = await readGivenFile(this.file, this.#signal);
      return AuthFile.parse(bytes.toString('utf8'), this.file);
    } catch (error) {
      throw isErrno(error, 'ENOENT', 'ENOTDIR')
        ? new BerthError('auth-file-invalid', `no such auth file: ${this.file}`, { cause: error })
        : unreadable(error, this.file);
    }
  }
}
