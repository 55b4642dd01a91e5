import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandsFor } from '../../../src/cli/commands.ts';

async function names(...args: string[]): Promise<string[]> {
  return (await commandsFor(args)).map((add) => add.name);
}

describe('commandsFor', () => {
  it('loads only the command that the line names, whatever options come before it', async () => {
    assert.deepEqual(await names('list', '--json'), ['addList']);
    assert.deepEqual(await names('--root', 'update', 'list', 'status'), ['addList']);
    assert.deepEqual(await names('--root=update', '--json', 'history'), ['addHistory']);
  });
  it('loads all of them where the line names none', async () => {
    const all = await names();
    assert.ok(all.includes('addInstall') && all.includes('addRecover'), all.join());
    for (const args of [['--help'], ['help', 'list'], ['lst'], ['constructor'], ['--root']]) {
      assert.deepEqual(await names(...args), all, args.join(' '));
    }
  });
});
