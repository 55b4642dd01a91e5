import assert from 'node:assert/strict';
import { parseChallenges } from '../../../src/transport/registry/auth/challenge.ts';
import type { FuzzKind } from '../kind.ts';
import { mutateText } from '../mutate/text.ts';

const HEADERS = [
  'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push"',
  'Basic realm="Registry"',
  'Basic realm="x", Bearer realm="https://auth.example.com/token?a=b", Negotiate',
  'Negotiate YII=, Digest qop="auth, auth-int", nonce=abc, algorithm=SHA-256',
  'Bearer realm="a \\"quoted\\" \\\\ text",error="insufficient_scope"',
  'Bearer realm = "spaces" , service=token',
  '',
];

const WORDS = [
  ...'Bearer Basic Negotiate realm service scope error = , "'.split(' '),
  ...[', ', ' ', '\\"', '\\\\', '\\'],
  ...'realm=" a=b a="b" ==== ,,,, YII= /+~ realm= repository:x:pull __proto__="x" é'.split(' '),
  ...['a b', '"\\'],
];

/** WWW-Authenticate headers: there is no wrong one, what is not understood ends the list. */
export const challenge: FuzzKind = {
  share: 0.05,
  codes: [],

  make: (random) => mutateText(random.pick(HEADERS), WORDS, random),

  read(bytes) {
    for (const { scheme, parameters } of parseChallenges(bytes.toString('latin1'))) {
      for (const name of [scheme, ...parameters.keys()]) assert.match(name, /^[!#$%&'*+\-.^_`|~0-9a-z]+$/);
    }
  },
};
