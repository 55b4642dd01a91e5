import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { assembleSandboxProgram, SANDBOX_PROGRAM_FILE } from './src/deployment/template/sandbox-source.ts';

/** The folder of this checkout, with a slash. */
export const ROOT = fileURLToPath(new URL('.', import.meta.url));

/**
 * Bundles a program that uses berth's sources, with the programs that it starts, into a folder of this
 * checkout, and returns the names of the files. It looks for templates beside that folder.
 */
export async function bundle(entryPoints: Record<string, string>, folder: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: {
      ...entryPoints,
      'extract-worker': 'src/layer/extract-worker.ts',
      'link-worker': 'src/deployment/plan/link-worker.ts',
    },
    outdir: join(ROOT, folder),
    bundle: true,
    // Parts that are imported when needed are loaded when needed. They lie beside the program, because
    // the sources look for other files beside themselves.
    splitting: true,
    chunkNames: 'chunk-[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22.15',
    // It finds its binary beside its own files.
    external: ['koffi'],
    // Bundled CommonJS packages call require() for Node's own modules, which ESM does not have.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  await writeFile(join(ROOT, folder, SANDBOX_PROGRAM_FILE), assembleSandboxProgram());
  return [
    ...Object.keys(metafile.outputs).map((path) => path.slice(folder.length + 1)),
    SANDBOX_PROGRAM_FILE,
  ];
}
