import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Command, CommanderError } from 'commander';
import { defineAll } from '../../../src/cli/define-all.ts';
import { messageOf } from '../../../src/errors.ts';
import { withAll } from '../../../src/man/man-pages.ts';
import { runBerth } from '../cli/run-berth.ts';
import { plainBlocks, readPages } from './pages.ts';
import { shellCommands } from './shell-commands.ts';

/** Throws where berth would call it a usage error; nothing is done. */
async function parse([, ...args]: string[]): Promise<void> {
  const program = await defineAll();
  for (const command of withAll(program)) command.action(() => {});
  await program.parseAsync(args, { from: 'user' });
}

async function mistakes(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const words of shellCommands(text).filter(([program]) => program === 'berth')) {
    await parse(words).catch((error) => {
      // Asked for help or the version.
      if (error instanceof CommanderError && error.exitCode === 0) return;
      found.push(`${words.join(' ')}: ${messageOf(error)}`);
    });
  }
  return found;
}

describe('an example', () => {
  for (const page of readPages()) {
    it(`is taken by the command line: ${page.file}`, async () => {
      assert.deepEqual(await mistakes(plainBlocks(page).join('\n')), []);
    });
  }

  it('stands in the help of every command, and is taken by the command line', async () => {
    for (const command of withAll(await defineAll())) {
      if (command.commands.length > 0) continue;
      const path = pathOf(command);
      const { stdout } = await runBerth([...path, '--help']);
      const examples = /^Examples?:\n(.*)/ms.exec(stdout)?.[1] ?? '';
      assert.match(examples, new RegExp(`berth (?:.* )?${path.join(' ')}`), path.join(' '));
      assert.deepEqual(await mistakes(examples), []);
    }
  });
});

/** The words behind "berth" that name it. */
function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}
