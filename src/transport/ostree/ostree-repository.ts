import { BerthError } from '../../errors.ts';
import { findProgram } from '../../linux/find-program.ts';
import { quote } from '../../reference/quote.ts';
import { readGvariantString } from './gvariant-text.ts';

const DIRECTORIES = ['/usr/bin', '/bin'];

/** Bytes that an answer may have where no more is said. */
const SHORT = 10_000;

/** An ostree repository, read with the host's ostree(1). */
export class OstreeRepository {
  readonly path: string;
  readonly #program: string;

  /** Throws `transport-unsupported` where the host has no ostree. */
  constructor(path: string) {
    const program = findProgram('ostree', DIRECTORIES);
    if (program === undefined) {
      throw new BerthError(
        'transport-unsupported',
        `cannot read ${path}: ostree: not in ${DIRECTORIES.join(', ')}`,
        { hint: 'install ostree' },
      );
    }
    this.path = path;
    this.#program = program;
  }

  /** The commit that a branch stands for. Throws `image-not-found`, `archive-invalid`. */
  async resolve(branch: string, signal: AbortSignal): Promise<string> {
    const { stdout, failure } = await this.#run('rev-parse', ['--', branch], SHORT, signal);
    if (failure === undefined) return stdout.trim();
    if (!/ not found$/.test(failure)) throw this.#failed('rev-parse', failure);
    throw new BerthError('image-not-found', `no such image: ${this.path}: branch ${branch}`, {
      hint: `ostree refs --repo=${this.path}`,
    });
  }

  /** A string of a commit's metadata, at most so many bytes; undefined where there is none. Throws `archive-invalid`, `limit-exceeded`. */
  async metadata(
    commit: string,
    key: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const args = [`--print-metadata-key=${key}`, '--', commit];
    const { stdout, failure } = await this.#run('show', args, limit, signal);
    if (failure === undefined) return readGvariantString(stdout);
    if (failure.includes('No such metadata key')) return undefined;
    throw this.#failed('show', failure);
  }

  /** The content of files of a commit, one after the other. Paths are absolute. Throws `archive-invalid`. */
  async *cat(commit: string, paths: readonly string[], signal: AbortSignal): AsyncGenerator<Buffer> {
    if (paths.length === 0) return;
    const { execa } = await import('execa');
    const child = execa(this.#program, ['cat', `--repo=${this.path}`, '--', commit, ...paths], {
      ...options(signal),
      buffer: { stdout: false, stderr: true },
      maxBuffer: { stderr: SHORT },
    });
    try {
      yield* child.stdout as AsyncIterable<Buffer>;
      const { exitCode, stderr } = await child;
      signal.throwIfAborted();
      if (exitCode !== 0) throw this.#failed('cat', stderr);
    } finally {
      child.kill('SIGKILL');
      await child;
    }
  }

  async #run(verb: string, args: string[], limit: number, signal: AbortSignal) {
    const { execa } = await import('execa');
    const result = await execa(this.#program, [verb, `--repo=${this.path}`, ...args], {
      ...options(signal),
      maxBuffer: limit,
    });
    signal.throwIfAborted();
    if (result.isMaxBuffer) {
      throw new BerthError(
        'limit-exceeded',
        `too much: ${this.path}: ostree ${verb}: more than ${limit} bytes`,
      );
    }
    const failure = result.failed ? result.stderr.trim() || result.shortMessage : undefined;
    return { stdout: result.stdout, failure };
  }

  #failed(verb: string, complaint: string): BerthError {
    return new BerthError(
      'archive-invalid',
      `cannot read: ${this.path}: ostree ${verb}: ${quote(complaint)}`,
    );
  }
}

function options(signal: AbortSignal) {
  return {
    cancelSignal: signal,
    cwd: '/',
    // Its messages are read.
    env: { LC_ALL: 'C.UTF-8' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  } as const;
}
