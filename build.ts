import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { assembleSandboxProgram, SANDBOX_PROGRAM_FILE } from './src/deployment/template/sandbox-source.ts';

// Bundles berth into dist/: main.js, which any Node of the version in package.json runs, and the
// programs that it starts.

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(ROOT, 'dist');

try {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: { main: 'src/main.ts', 'extract-worker': 'src/layer/extract-worker.ts' },
    outdir: DIST,
    bundle: true,
    // Parts that are imported when needed are loaded when needed. They lie beside main.js, because
    // the sources look for other files beside themselves.
    splitting: true,
    chunkNames: 'chunk-[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22.15',
    // koffi finds its binary beside its own files; x11 is what dbus-next would take for session buses.
    external: ['koffi', 'x11'],
    // Bundled CommonJS packages call require() for Node's own modules, which ESM does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  await chmod(join(DIST, 'main.js'), 0o755);
  await writeFile(join(DIST, SANDBOX_PROGRAM_FILE), assembleSandboxProgram());
  await removeStale([...Object.keys(result.metafile.outputs), `dist/${SANDBOX_PROGRAM_FILE}`]);
} catch (error) {
  // esbuild has printed what is wrong, with the line.
  process.exitCode = 1;
  if (!(error instanceof Error && 'errors' in error)) {
    throw error;
  }
}

/** Chunks carry a hash in their names: those of earlier builds would stay for ever. */
async function removeStale(outputs: string[]): Promise<void> {
  for (const file of await readdir(DIST)) {
    if (!outputs.includes(`dist/${file}`)) {
      await rm(join(DIST, file), { recursive: true });
    }
  }
}
