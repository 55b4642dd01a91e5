import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('a command that fetches does not load the HTTP client of Node that it does not use', () => {
  const command = new URL('../../../src/cli/commands/install.ts', import.meta.url);
  const script = `await import('${command}'); console.log(process.moduleLoadList.join())`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const loaded = output.trim().split(',');
  assert.ok(loaded.includes('NativeModule https'));
  assert.deepEqual(
    loaded.filter((name) => name.includes('undici')),
    [],
  );
});
