import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseChallenges } from '../../../src/transport/registry/challenge.ts';

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
  it('is done with a long header at once', () => {
    const begun = performance.now();
    parseChallenges(`Basic ${'a='.repeat(8000)}"${'\\'.repeat(16_000)}`);
    assert.ok(performance.now() - begun < 100);
  });
});
