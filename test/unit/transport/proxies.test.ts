import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Proxies } from '../../../src/transport/registry/http/proxies.ts';

const BOTH = { HTTPS_PROXY: 'http://secure.example:3128', HTTP_PROXY: 'plain.example' };

function hostFor(url: string, env: NodeJS.ProcessEnv): string | undefined {
  return new Proxies(env).for(new URL(url))?.host;
}

describe('the proxy of a request', () => {
  it('is that for its scheme, and none where the environment names none', () => {
    assert.equal(hostFor('https://a.example/', BOTH), 'secure.example:3128');
    assert.equal(hostFor('http://a.example/', BOTH), 'plain.example');
    assert.equal(hostFor('http://a.example/', { HTTPS_PROXY: 'http://x' }), undefined);
    assert.equal(hostFor('https://a.example/', { HTTPS_PROXY: '' }), undefined);
    assert.equal(hostFor('https://a.example/', {}), undefined);
  });
  it('may be named in lower case, and upper case goes before it', () => {
    assert.equal(hostFor('https://a.example/', { https_proxy: 'http://lower' }), 'lower');
    assert.equal(hostFor('http://a.example/', { http_proxy: 'http://lower', HTTP_PROXY: 'up' }), 'up');
    assert.equal(hostFor('http://a.example/', { ...BOTH, no_proxy: 'a.example' }), undefined);
  });
  it('is never one for this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) {
      assert.equal(hostFor(`http://${host}:5000/`, BOTH), undefined);
    }
  });

  const exempt: Array<[noProxy: string, covered: string[], others: string[]]> = [
    ['*', ['a.example', '192.0.2.1'], []],
    ['a.example', ['a.example', 'b.a.example', 'A.example'], ['xa.example', 'a.example.org']],
    ['.a.example', ['b.a.example', 'c.b.a.example'], ['a.example', 'xa.example']],
    ['*.a.example', ['b.a.example'], ['a.example']],
    ['x.example, a.example', ['a.example', 'x.example'], ['y.example']],
    ['x.example a.example', ['a.example'], ['y.example']],
    ['192.0.2.1', ['192.0.2.1'], ['192.0.2.10', '192.0.2.2']],
    ['192.0.2.0/28', ['192.0.2.1', '192.0.2.15'], ['192.0.2.16', 'a.example']],
    ['2001:db8::/32', ['[2001:db8::5]'], ['[2001:db9::5]', '32.1.13.184']],
    ['[2001:db8::5]:443', ['[2001:db8::5]'], ['[2001:db8::5]:444']],
    ['a.example:5000', ['a.example:5000', 'b.a.example:5000'], ['a.example', 'a.example:5001']],
    ['a.example:443', ['a.example'], ['a.example:5000']],
    ['192.0.2.0/33,192.0.2.0/,/8,:,.', [], ['192.0.2.1', 'a.example']],
  ];
  for (const [noProxy, covered, others] of exempt) {
    it(`is none for what NO_PROXY=${noProxy} covers`, () => {
      const env = { ...BOTH, NO_PROXY: noProxy };
      for (const host of covered) assert.equal(hostFor(`https://${host}/`, env), undefined, host);
      for (const host of others) assert.ok(hostFor(`https://${host}/`, env), host);
    });
  }

  for (const value of ['socks5://me:secret@a.example', 'http://', 'http://me:secret%@a.example', 'ftp://x']) {
    it(`that is ${value} is refused without showing a password`, () => {
      assert.throws(
        () => new Proxies({ HTTPS_PROXY: value }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'settings-invalid');
          assert.match(error.message, /HTTPS_PROXY/);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }
});
