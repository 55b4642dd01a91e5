import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { AuthFile } from '../../../src/transport/registry/auth/auth-file.ts';
import { type FuzzKind, isRefusal } from '../kind.ts';
import { type Json, mutateJson } from '../mutate/json.ts';

const FILE: Json = {
  auths: {
    'registry.example.com': { auth: 'dXNlcjpwYXNzd29yZA==' },
    'registry.example.com/team': { identitytoken: 'token' },
    'https://index.docker.io/v1/': { auth: '' },
  },
  credHelpers: { 'helped.example.com': 'pass' },
  credsStore: 'secretservice',
  HttpHeaders: { 'User-Agent': 'x' },
};

const WORDS = [
  ...'auths auth identitytoken credHelpers credsStore registry.example.com registry.example.com/team docker.io'.split(
    ' ',
  ),
  ...'dXNlcg== OnBhc3M= ==== ../../bin/sh -x https://registry.example.com/v2/ __proto__ username password'.split(
    ' ',
  ),
  ...['a b'],
];

const KEYS = [
  'registry.example.com/team',
  'registry.example.com',
  'docker.io',
  'helped.example.com',
  '__proto__',
  'toString',
];

/** Files of credentials. */
export const authFile: FuzzKind = {
  share: 0.03,
  codes: ['auth-file-invalid'],

  make: (random) => mutateJson(FILE, WORDS, random),

  read(bytes) {
    writeFileSync('auth.json', bytes);
    try {
      const file = AuthFile.read('auth.json');
      assert.ok(file !== undefined);
      for (const ask of [() => file.credential(KEYS), () => file.helper(KEYS), () => file.store]) {
        try {
          const answer = ask();
          // It becomes a part of a program's name.
          if (typeof answer === 'string') assert.match(answer, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        } catch (error) {
          if (!isRefusal(authFile, error)) throw error;
        }
      }
    } finally {
      rmSync('auth.json');
    }
  },
};
