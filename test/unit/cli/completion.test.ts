import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { findPlace } from '../../../src/cli/completion/find-place.ts';
import { defineAll } from '../../../src/cli/define-all.ts';
import { runBerth } from './run-berth.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

// What bash does when Tab is pressed at the end of a line.
const PRESS_TAB = `
berth() { "$NODE" "$MAIN" "$@"; }
source /dev/stdin <<<"$(berth completion bash)"
COMP_LINE=$LINE COMP_POINT=\${#LINE}
_berth
printf '%s\\n' "\${COMPREPLY[@]}"`;

async function completeInBash(line: string): Promise<string[]> {
  const env = { NODE: process.execPath, MAIN, LINE: line };
  const { stdout } = await execa('bash', ['--norc', '-c', PRESS_TAB], { env });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('a word that is completed', async () => {
  const program = await defineAll();
  const place = (...words: string[]) => findPlace(program, words);

  it('is a command first, and then one below it', () => {
    assert.ok(place('').words.includes('install'));
    assert.deepEqual(place('auto-update', '').words, ['enable', 'disable', 'status']);
    assert.deepEqual(place('images', 'rm', ''), { words: [], names: 'images' });
  });

  it('is an option of the command or of all where it begins as one', () => {
    const { words } = place('list', '--');
    assert.ok(words.includes('--json') && words.includes('--root') && !words.includes('--purge'));
    assert.ok(!place('apply', '--').words.includes('--boot'), 'what help hides');
  });

  it('is a service or an image where the command takes one', () => {
    assert.equal(place('status', 'web', '').names, 'services');
    assert.equal(place('install', '--now', '').names, 'images');
    assert.equal(place('mount', '--live', '').names, 'both');
    assert.equal(place('mount', 'web', '').names, undefined);
    assert.equal(place('scan', 'web', '').names, 'both');
    assert.equal(place('history', 'web', '').names, undefined);
    assert.deepEqual([place('tag', '').names, place('tag', 'x', '').names], ['images', undefined]);
  });

  it('is nothing that berth knows as the value of an option, or behind --', () => {
    assert.deepEqual(place('install', '--values', ''), { words: [] });
    assert.equal(place('--root', 'list', 'status', '').names, 'services');
    assert.deepEqual(place('exec', 'web', '--', ''), { words: [] });
  });

  it('is one of the services that are installed', async (test) => {
    const root = await mkdtemp(join(tmpdir(), 'berth-completion-'));
    test.after(() => rm(root, { recursive: true }));
    await mkdir(join(root, 'var/lib/berth/deployments/web'), { recursive: true });
    await mkdir(join(root, 'var/lib/berth/deployments/etcd'));
    const complete = ['--root', root, 'completion', 'bash', '--', 'status'];
    assert.equal((await runBerth([...complete, ''])).stdout, 'etcd\nweb\n');
    assert.equal((await runBerth([...complete, 'w'])).stdout, 'web\n');
    assert.deepEqual(await runBerth([...complete, 'x']), { status: 0, stdout: '', stderr: '' });
    for (const typed of [
      ['--root', root, 'status'],
      [`--root=${root}`, 'status'],
      ['status', '--root', root],
    ]) {
      const { stdout } = await runBerth(['completion', 'bash', '--', ...typed, '']);
      assert.equal(stdout, 'etcd\nweb\n', typed.join(' '));
    }
  });

  it('is what bash gets', async () => {
    assert.deepEqual(await completeInBash('berth inst'), ['install']);
    assert.deepEqual(await completeInBash('berth install --proxy-'), ['--proxy-to']);
    assert.deepEqual(await completeInBash('berth auto-update '), ['enable', 'disable', 'status']);
    assert.deepEqual(await completeInBash('berth install --values '), []);
  });
});
