// Runs in the sandbox, fed through standard input, before and around templates that images bring. It is no
// module of berth's: it imports nothing, and berth sees of it only what it writes.

/** What the program is asked, as JSON. */
export interface SandboxRequest {
  values: [name: string, value: string][];
  files: { file: string; text: string; escape: 'json' | 'none' }[];
}

declare const EJS_SOURCE: string;
declare const REQUEST: string;

interface Ejs {
  compile(text: string, options: object): (locals: object) => string;
}

/** Runs inside a context of its own, where there is nothing but the language: no process, no require. */
function renderAll(ejs: Ejs, requestText: string): string {
  const request = JSON.parse(requestText) as SandboxRequest;
  const values = new Map(request.values);
  const missing = new Map<string, { variable: string; file: string }>();

  const localsOf = (file: string) =>
    new Proxy(Object.create(null) as object, {
      // "with (locals)" asks here for each free name of a template. An upper-case one that nobody knows is
      // a variable without a value: it is noted, so that all of them can be named at once.
      has: (_target, key) => {
        if (typeof key !== 'string') return false;
        if (values.has(key) || key === 'include') return true;
        if (!/^[A-Z][A-Z0-9_]*$/.test(key) || key in globalThis) return false;
        missing.set(`${file} ${key}`, { variable: key, file });
        return true;
      },
      get: (_target, key) => {
        if (typeof key !== 'string') return undefined;
        if (key !== 'include' || values.has(key)) return values.get(key);
        return () => {
          throw new Error('include() is not available: a template is one file');
        };
      },
    });

  const escapes = {
    json: (value: unknown) => JSON.stringify(String(value ?? '')).slice(1, -1),
    none: (value: unknown) => String(value ?? ''),
  };
  const results = request.files.map(({ file, text, escape: purpose }) => {
    try {
      // EJS would copy the locals, and a copy asks the proxy nothing.
      const options = { filename: file, escape: escapes[purpose], unsafePrototypeLocals: true };
      return { text: String(ejs.compile(text, options)(localsOf(file))) };
    } catch (error) {
      const message = String((error as Error)?.message ?? error);
      // EJS writes "FILE:LINE", the lines around it, and the cause below an empty line.
      const line = /^[^\n]*:(\d+)\n/.exec(message)?.[1];
      return {
        error: (line === undefined ? message.split('\n')[0] : message.split('\n\n').at(-1)) ?? '',
        line,
      };
    }
  });
  return JSON.stringify({ results, missing: [...missing.values()] });
}

/** Ends the process unless it stands where berth meant to put it. */
function checkJail(): void {
  const jailed =
    process.getuid?.() !== 0 &&
    process.getgid?.() !== 0 &&
    process.permission?.has('fs.read') === false &&
    process.permission.has('fs.write') === false &&
    process.permission.has('child') === false &&
    Object.keys(process.env).length === 0;
  if (!jailed) process.exit(99);
}

checkJail();
process.stdout.write('berth-sandbox\n');
const vm = process.getBuiltinModule('node:vm');
const context = vm.createContext(Object.create(null) as object);
vm.runInContext(EJS_SOURCE, context, { filename: 'ejs' });
process.stdout.write(String(vm.runInContext(`(${renderAll})(ejs, ${JSON.stringify(REQUEST)})`, context)));
