import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defineAll } from '../../../src/cli/define-all.ts';
import { hintFor } from '../../../src/cli/hint-for.ts';
import { BerthError, type ErrorCode } from '../../../src/errors.ts';

async function hintOf(
  line: string,
  { code = 'io', hint, root }: { code?: ErrorCode; hint?: string; root?: string },
): Promise<string> {
  const program = await defineAll();
  if (root !== undefined) program.setOptionValue('root', root);
  const detail = hint === undefined ? {} : { hint };
  return hintFor(new BerthError(code, 'cannot: x: y', detail), program, line.split(' '));
}

describe('the hint of an error', () => {
  it('is what the error says', async () => {
    assert.equal(await hintOf('status web', { hint: 'berth list' }), 'berth list');
  });

  it('puts options into the command line that was given, before what stands behind --', async () => {
    const hint = '--name web-2';
    assert.equal(await hintOf('install web', { hint }), 'berth install web --name web-2');
    assert.equal(
      await hintOf('install --rootfs /srv/a -- httpd -D', { hint }),
      'berth install --rootfs /srv/a --name web-2 -- httpd -D',
    );
  });

  it('names no option that the command does not have', async () => {
    assert.match(await hintOf('apply', { code: 'value-missing', hint: '--set A=VALUE' }), /value-missing/);
  });

  it('is about the root that the command line is about', async () => {
    const hint = 'once berth is there: berth lock --keep';
    assert.equal(
      await hintOf('apply', { hint, root: '/srv/my tree' }),
      "once berth is there: berth --root '/srv/my tree' lock --keep",
    );
  });

  it('is help, the line again, or an entry of the documentation where the error says none', async () => {
    assert.equal(await hintOf('images rm', { code: 'usage' }), 'berth images rm --help');
    assert.equal(await hintOf('pull web', { code: 'interrupted' }), 'berth pull web');
    assert.match(await hintOf('pull web', {}), /^grep .* '\^### \.io' \/.*\/docs\/troubleshooting\.md$/);
  });
});
