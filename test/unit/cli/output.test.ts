import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Output } from '../../../src/cli/output.ts';

async function printed(work: (output: Output) => void): Promise<{ stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  work(new Output({ stdout, stderr, env: {} }));
  stdout.end();
  stderr.end();
  return { stdout: await text(stdout), stderr: await text(stderr) };
}

// Sets the window's title, clears the screen (as C0 and as C1), and reverses what follows.
const HOSTILE = '\u001b]0;x\u0007\u001b[2J\u009b2J\r\u202ex';

test('nothing that an image is called or says commands the terminal', async () => {
  const { stdout, stderr } = await printed((output) => {
    output.data(HOSTILE);
    output.table(['IMAGE', 'SIZE'], [[HOSTILE, '1 B']]);
    output.note(HOSTILE);
    output.warn(HOSTILE);
    output.error(HOSTILE, HOSTILE);
  });
  for (const line of `${stdout}${stderr}`.split('\n')) assert.match(line, /^[^\p{Cc}\u202e]*$/u);
  assert.equal(stdout.match(/\\u001b\[2J\\u009b2J/g)?.length, 2);
});

test('JSON says the same with the escapes', async () => {
  const { stdout } = await printed((output) => output.json({ title: HOSTILE, lines: 'a\nb' }));
  assert.deepEqual(JSON.parse(stdout), { title: HOSTILE, lines: 'a\nb' });
  assert.doesNotMatch(stdout, /[\u0080-\u009f\u202e]/);
});
