import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, ROOT } from './bundle.ts';
import { manPages } from './src/man/man-pages.ts';
import { readSourceDate } from './src/source-date.ts';

// Bundles berth into dist/: main.js, which any Node of the version in package.json runs, and the
// programs that it starts, and writes the manual into man/.

const DIST = join(ROOT, 'dist');
const MAN = join(ROOT, 'man');

try {
  const files = await bundle({ main: 'src/main.ts' }, 'dist');
  await chmod(join(DIST, 'main.js'), 0o755);
  await removeStale(files);
  await writeManual();
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

async function writeManual(): Promise<void> {
  await rm(MAN, { recursive: true, force: true });
  await mkdir(MAN);
  const date = readSourceDate(process.env) ?? new Date();
  for (const [name, page] of await manPages(date)) await writeFile(join(MAN, name), page);
}
