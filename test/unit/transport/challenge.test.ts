import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseChallenges } from '../../../src/transport/registry/auth/challenge.ts';

function parsed(header: string): Array<[string, Record<string, string>]> {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('parseChallenges', () => {
  const table: Array<[string, string, Array<[string, Record<string, string>]>]> = [
    [
      'a token service',
      'Bearer realm="https://a.b/token",service="r.b",scope="repository:x/y:pull,push"',
      [['bearer', { realm: 'https://a.b/token', service: 'r.b', scope: 'repository:x/y:pull,push' }]],
    ],
    ['a scheme alone', 'Negotiate', [['negotiate', {}]]],
    [
      'token68',
      'Negotiate YWJj/+==, Basic realm=x',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'several in one header',
      'Basic realm="a, b", Bearer realm="c",service=d, Digest',
      [
        ['basic', { realm: 'a, b' }],
        ['bearer', { realm: 'c', service: 'd' }],
        ['digest', {}],
      ],
    ],
    [
      'schemes alone in a row',
      'Basic, Bearer realm="c"',
      [
        ['basic', {}],
        ['bearer', { realm: 'c' }],
      ],
    ],
    ['escapes', 'Basic realm="a \\"b\\" \\\\c"', [['basic', { realm: 'a "b" \\c' }]]],
    ['loose white space', ' ,Bearer  realm = "a" ,\tscope = "b" ,', [['bearer', { realm: 'a', scope: 'b' }]]],
    ['case of names, not of values', 'BEARER Realm="Aa"', [['bearer', { realm: 'Aa' }]]],
    ['the first of two values', 'Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
    ['an empty value', 'Bearer realm="a",scope=""', [['bearer', { realm: 'a', scope: '' }]]],
    ['nothing', '', []],
    ['rubbish', '"""', []],
    ['an open quote', 'Basic realm="a, Bearer realm=b', [['basic', {}]]],
    ['what came before rubbish', 'Basic realm="a" @@, Bearer x="y"', [['basic', { realm: 'a' }]]],
  ];
  for (const [what, header, expected] of table) {
    it(`reads ${what}`, () => {
      const found = parsed(header);
      assert.deepEqual(found, expected);
    });
  }
  // Were it quadratic, this would take hours: the time-out is there to end it.
  it('is done with a long header in time in proportion to it', { timeout: 60_000 }, () => {
    parseChallenges(`Basic ${'a='.repeat(800_000)}"${'\\'.repeat(1_600_000)}`);
  });
});
