import assert from 'node:assert/strict';
import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BerthError, isErrno } from '../../../src/errors.ts';
import { CredentialKeeper } from '../../../src/transport/registry/auth/credential-keeper.ts';
import { scratch } from '../layer/scratch.ts';

const REGISTRY = { domain: 'a.example', key: 'a.example' };
const LOGIN = { username: 'me', password: 'secret' };
const SOMEBODY = 1234;

test('an auth file stays where a symlink leads, and its owner’s', async (context) => {
  const root = scratch(context);
  const [link, file] = [join(root, 'auth.json'), join(root, 'kept.json')];
  writeFileSync(file, '{}');
  chownSync(file, SOMEBODY, SOMEBODY);
  symlinkSync(file, link);
  await new CredentialKeeper(link, {}).keep(REGISTRY, LOGIN);
  const { uid, gid, mode } = statSync(file);
  assert.deepEqual([uid, gid, mode & 0o777], [SOMEBODY, SOMEBODY, 0o600]);
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, 'utf8')).auths), ['a.example']);
  assert.equal(lstatSync(link).isSymbolicLink(), true);
});

test('who owns the directory of an auth file does not get at another file by symlinks that come and go', async (context) => {
  const root = scratch(context);
  const [file, victim] = [join(root, 'auth.json'), join(root, 'victim.json')];
  writeFileSync(victim, '{"auths":{"of.root":{}}}');
  const attack = `
    const { symlinkSync, renameSync, rmSync } = require('node:fs');
    const [file, victim] = require('node:worker_threads').workerData;
    for (;;) {
      rmSync(file + '.link', { force: true });
      symlinkSync(victim, file + '.link');
      renameSync(file + '.link', file);
    }`;
  const worker = new Worker(attack, { eval: true, workerData: [file, victim] });
  try {
    for (let round = 0; round < 100; round += 1) {
      writeFileSync(`${file}.mine`, '{}');
      chownSync(`${file}.mine`, SOMEBODY, SOMEBODY);
      renameSync(`${file}.mine`, file);
      try {
        await new CredentialKeeper(file, {}).keep(REGISTRY, LOGIN);
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
      }
      assert.equal(statSync(victim).uid, 0);
      assert.doesNotMatch(readOfSomebody(file), /of\.root/);
    }
  } finally {
    // Before the hook that removes the directory, which it cannot while files are made in it.
    await worker.terminate();
  }
});

/** What is in a file of somebody's, and not in what takes its place meanwhile. */
function readOfSomebody(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ELOOP')) return '';
    throw error;
  }
  try {
    return fstatSync(file).uid === SOMEBODY ? readFileSync(file, 'utf8') : '';
  } finally {
    closeSync(file);
  }
}
