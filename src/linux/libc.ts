import { createRequire } from 'node:module';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';

type Koffi = typeof import('koffi');
type Prototype =
  | 'void _exit(int)'
  | 'int flock(int, int)'
  | 'int syncfs(int)'
  | 'int poll(void *, unsigned long, int)'
  | 'int mkfifo(const void *, uint32_t)'
  | 'int mknod(const void *, uint32_t, uint64_t)'
  | 'int __xmknod(int, const void *, uint32_t, const void *)'
  | 'int utimensat(int, const void *, const void *, int)'
  | 'int futimens(int, const void *)'
  | 'int mount(const void *, const void *, const void *, uint64_t, const void *)'
  | 'int umount2(const void *, int)'
  | 'int lsetxattr(const void *, const void *, const void *, size_t, int)'
  | 'int fsetxattr(int, const void *, const void *, size_t, int)'
  | 'int lremovexattr(const void *, const void *)'
  | 'int64_t syscall(int64_t, int, const void *, const void *, size_t)'
  | 'int64_t lgetxattr(const void *, const void *, void *, size_t)'
  | 'int64_t llistxattr(const void *, void *, size_t)'
  | 'int socket(int, int, int)'
  | 'int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)';

/** A file name as bytes, or as text that means its UTF-8 bytes. */
export type FileName = string | Buffer;

type Call = ((...args: unknown[]) => number | bigint) & {
  async(...argsAndDone: [...unknown[], (error: Error | null, result: number | bigint) => void]): void;
};
let loaded: { koffi: Koffi; library: ReturnType<Koffi['load']>; calls: Map<string, Call> } | undefined;

// Required, not imported: most commands never call libc, and an unbundled require stays what it is
// in a bundle. The handle is the process's own C library, so there is nothing to inject or to close.
function libc(): NonNullable<typeof loaded> {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    loaded = { koffi, library: koffi.load(null), calls: new Map() };
  }
  return loaded;
}

/**
 * Calls a function of the C library. A result of -1 is thrown as an Error with `code`, `errno`,
 * `syscall` and `path`, as Node does. Pass names as `cString`.
 */
export function callLibc(prototype: Prototype, args: unknown[], path?: FileName): number {
  const result = Number(find(prototype)(...args));
  if (result !== -1) return result;
  throw lastError(prototype, path);
}

/** The same in another thread, for a call that waits. */
export function callLibcAsync(prototype: Prototype, args: unknown[], path?: FileName): Promise<number> {
  return new Promise((resolve, reject) => {
    find(prototype).async(...args, (error, result) => {
      if (error !== null) reject(error);
      else if (Number(result) !== -1) resolve(Number(result));
      // koffi has taken errno over from the thread by now.
      else reject(lastError(prototype, path));
    });
  });
}

function lastError(prototype: Prototype, path?: FileName): Error {
  return errnoError(libc().koffi.errno(), /(\w+)\(/.exec(prototype)?.[1] ?? prototype, path);
}

/** True where the C library has this function: glibc before 2.33 has no `mknod`. */
export function hasLibc(prototype: Prototype): boolean {
  try {
    find(prototype);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends the process as it is, once it has called the C library: koffi would flush stdout and stderr to the disk
 * on a usual exit, and hang where the disk fails.
 */
export function leaveProcess(status: number): void {
  if (loaded !== undefined) callLibc('void _exit(int)', [status]);
}

// Each is looked up once: what koffi makes for a function is never freed.
function find(prototype: Prototype): Call {
  const { library, calls } = libc();
  const known = calls.get(prototype);
  if (known !== undefined) return known;
  const call = library.func(prototype) as Call;
  calls.set(prototype, call);
  return call;
}

const NUL = Buffer.alloc(1);

/** Bytes of a name with the NUL that ends it. A NUL inside is refused with EINVAL, not cut off. */
export function cString(name: FileName): Buffer {
  const bytes = typeof name === 'string' ? Buffer.from(`${name}\0`) : Buffer.concat([name, NUL]);
  if (bytes.indexOf(0) !== bytes.length - 1) throw errnoError(22, 'open', name);
  return bytes;
}

function errnoError(errno: number, syscall: string, path?: FileName): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  const where = path === undefined ? '' : ` '${path.toString()}'`;
  return Object.assign(new Error(`${code}: ${getSystemErrorMessage(-errno)}, ${syscall}${where}`), {
    errno: -errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path: path.toString() }),
  });
}
