import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, ROOT } from './bundle.ts';

// Bundles berth into dist/: main.js, which any Node of the version in package.json runs, and the
// programs that it starts.

const DIST = join(ROOT, 'dist');

try {
  const files = await bundle({ main: 'src/main.ts' }, 'dist');
  await chmod(join(DIST, 'main.js'), 0o755);
  await removeStale(files);
} catch (error) {
  // esbuild has printed what is wrong, with the line.
  process.exitCode = 1;
  if (!(error instanceof Error && 'errors' in error)) {
    throw error;
  }
}

/** Chunks carry a hash in their names: those of earlier builds would stay for ever. */
async function removeStale(files: string[]): Promise<void> {
  for (const file of await readdir(DIST)) {
    if (!files.includes(file)) {
      await rm(join(DIST, file), { recursive: true });
    }
  }
}
