import { rmSync } from 'node:fs';
import { execa } from 'execa';
import { BerthError, messageOf } from '../errors.ts';

/**
 * Makes a tree with the same files as another, by hard links, and copies of its directories: it stays when that goes.
 * Throws `io`.
 */
export async function linkTree(from: string, to: string): Promise<void> {
  try {
    await copy(['--link'], from, to);
  } catch {
    // Another file system, or as many links as a file can have.
    rmSync(to, { recursive: true, force: true });
    await copy([], from, to).catch((cause) => {
      const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
      throw new BerthError('io', `cannot copy: ${from}: ${stderr.split('\n')[0] || messageOf(cause)}`, {
        cause,
      });
    });
  }
}

async function copy(options: string[], from: string, to: string): Promise<void> {
  await execa('cp', ['--archive', ...options, '--no-target-directory', '--', from, to], {
    stdin: 'ignore',
    cwd: '/',
  });
}
