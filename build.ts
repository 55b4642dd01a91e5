import { existsSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

// Bundles berth into dist/: main.js, which any Node of the version in package.json runs, and the
// programs that it starts beside itself.

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(ROOT, 'dist');

/** Share chunks with each other: what a command does not need is loaded only when it does. */
const PROGRAMS = { main: 'src/main.ts', 'extract-worker': 'src/layer/extract-worker.ts' };

/** One file each: Node's permission model lets the sandbox read its own program and nothing else. */
const SEALED = { 'template-sandbox': 'src/deployment/template-sandbox.ts' };

const COMMON: BuildOptions = {
  absWorkingDir: ROOT,
  outdir: DIST,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.15',
  external: ['koffi'],
  // Bundled CommonJS packages call require() for Node's own modules, which ESM does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

const results = await Promise.all([
  build({ ...COMMON, entryPoints: present(PROGRAMS), splitting: true, chunkNames: 'chunks/[name]-[hash]' }),
  build({ ...COMMON, entryPoints: present(SEALED) }),
]);
await chmod(join(DIST, 'main.js'), 0o755);
await removeStale(new Set(results.flatMap((result) => Object.keys(result.metafile?.outputs ?? {}))));

function present(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(ROOT, source))));
}

/** Chunks carry a hash in their names: those of earlier builds would stay for ever. */
async function removeStale(outputs: Set<string>): Promise<void> {
  for (const file of await readdir(DIST, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile() && !outputs.has(path.slice(ROOT.length))) {
      await rm(path);
    }
  }
}
