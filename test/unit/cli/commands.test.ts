import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { commandsFor } from '../../../src/cli/commands.ts';

async function names(...args: string[]): Promise<string[]> {
  return (await commandsFor(args)).map((add) => add.name);
}

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

// Prints what src imports by name.
const TELL_PACKAGES = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(name, context, next) {
      if (/^(?!node:)[a-z]/.test(name) && context.parentURL?.includes('/src/')) console.error(name);
      return next(name, context);
    },
  });`;

describe('commandsFor', () => {
  it('loads only the command that the line names, whatever options come before it', async () => {
    assert.deepEqual(await names('list', '--json'), ['addList']);
    assert.deepEqual(await names('--root', 'update', 'list', 'status'), ['addList']);
    assert.deepEqual(await names('--root=update', '--json', 'history'), ['addHistory']);
  });
  it('loads all of them where the line names none', async () => {
    const all = await names();
    assert.ok(all.includes('addInstall') && all.includes('addRecover'), all.join());
    for (const args of [['--help'], ['help', 'list'], ['lst'], ['constructor'], ['--root'], ['completion']]) {
      assert.deepEqual(await names(...args), all, args.join(' '));
    }
  });
});

describe('a command that only looks', () => {
  for (const command of ['list', 'status', 'graph']) {
    it(`loads no package but the one for command lines: ${command}`, async () => {
      const root = await mkdtemp(join(tmpdir(), 'berth-'));
      try {
        const hooks = `data:text/javascript,${encodeURIComponent(TELL_PACKAGES)}`;
        const { stderr } = await execa(process.execPath, ['--import', hooks, MAIN, command, '--root', root]);
        assert.deepEqual([...new Set(stderr.split('\n'))], ['commander']);
      } finally {
        await rm(root, { recursive: true });
      }
    });
  }
});
