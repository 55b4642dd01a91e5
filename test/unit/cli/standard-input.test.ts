import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { run } from '../../../src/cli/program.ts';
import { scratch } from '../layer/scratch.ts';
import { runBerth } from './run-berth.ts';

const READERS = [
  ['apply', '-f', '-'],
  ['login', '--username', 'me', '--password-stdin', 'localhost:9'],
];

for (const command of READERS) {
  describe(`what is read from standard input by berth ${command.join(' ')}`, () => {
    it('is not waited for any longer when the command is interrupted', {
      timeout: 20_000,
    }, async (context) => {
      const abort = new AbortController();
      const stdin = new Readable({ read: () => abort.abort() });
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const args = ['--root', scratch(context), ...command];
      assert.equal(await run(args, { stdin, stdout, stderr, env: {} }, abort.signal), 130);
      stderr.end();
      assert.match(await text(stderr), /^Error: interrupted: /);
    });

    it('has at most 1 MiB', async (context) => {
      const input = 'x'.repeat(1024 * 1024 + 1);
      const { status, stderr } = await runBerth(['--root', scratch(context), ...command], { input });
      assert.equal(status, 1);
      assert.match(stderr, /^Error: cannot read: standard input: it is larger than 1 MiB$/m);
    });
  });
}
