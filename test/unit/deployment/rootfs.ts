import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ImageExports, readExports } from '../../../src/deployment/exports/exports.ts';

/** A root file system of an image with these files, removed after the test. */
export function makeRootfs(test: TestContext, files: Record<string, string>): string {
  const rootfs = mkdtempSync(join(tmpdir(), 'berth-rootfs-'));
  test.after(() => rmSync(rootfs, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(rootfs, path)), { recursive: true });
    writeFileSync(join(rootfs, path), text);
  }
  return rootfs;
}

/** The exports of an image that has these files below /exports. */
export function makeExports(test: TestContext, files: Record<string, string>): ImageExports {
  const rootfs = makeRootfs(test, prefixed(files));
  const exports = readExports(rootfs);
  if (exports === undefined) throw new Error('the image has no /exports');
  return exports;
}

function prefixed(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`exports/${path}`, text]));
}
