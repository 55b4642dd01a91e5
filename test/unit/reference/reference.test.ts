import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatReference, parseReference, qualify } from '../../../src/reference/reference.ts';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

describe('parseReference', () => {
  const full: Array<[string, string]> = [
    ['example.com/httpd', 'example.com/httpd:latest'],
    ['docker://example.com/httpd:2.4', 'example.com/httpd:2.4'],
    ['example.com:5000/a/b/c:tag', 'example.com:5000/a/b/c:tag'],
    ['localhost/x', 'localhost/x:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    ['127.0.0.1:5000/x', '127.0.0.1:5000/x:latest'],
    ['[::1]:5000/x', '[::1]:5000/x:latest'],
    ['[2001:db8::1]/x', '[2001:db8::1]/x:latest'],
    ['Host/x', 'Host/x:latest'],
    ['xn--n3h.com/x', 'xn--n3h.com/x:latest'],
    ['a.b/foo__bar/foo-bar/foo--bar/f.o_o', 'a.b/foo__bar/foo-bar/foo--bar/f.o_o:latest'],
    [`example.com/x@${SHA256}`, `example.com/x@${SHA256}`],
    [`example.com/x:tag@${SHA256}`, `example.com/x:tag@${SHA256}`],
    [`example.com/x@${SHA512}`, `example.com/x@${SHA512}`],
    ['docker.io/etcd', 'docker.io/library/etcd:latest'],
    ['docker.io/user/etcd', 'docker.io/user/etcd:latest'],
    ['index.docker.io/etcd:3', 'docker.io/library/etcd:3'],
    ['example.com/etcd', 'example.com/etcd:latest'],
    [`example.com/x:${'t'.repeat(128)}`, `example.com/x:${'t'.repeat(128)}`],
    ['example.com/x:_T.a-g', 'example.com/x:_T.a-g'],
  ];
  for (const [text, canonical] of full) {
    it(`reads ${text.slice(0, 60)} as a full name`, () => {
      const reference = parseReference(text);
      assert.equal(reference.kind, 'registry');
      assert.equal(formatReference(reference), canonical);
      assert.deepEqual(parseReference(canonical), reference);
    });
  }

  const short: Array<[string, string, string | undefined]> = [
    ['etcd', 'etcd', undefined],
    ['etcd:3.4', 'etcd', '3.4'],
    ['foo/bar', 'foo/bar', undefined],
    ['foo/bar/baz:1', 'foo/bar/baz', '1'],
    ['localhost:5000', 'localhost', '5000'],
    ['docker:24', 'docker', '24'],
    ['docker://etcd', 'etcd', undefined],
  ];
  for (const [text, path, tag] of short) {
    it(`reads ${text} as a short name`, () => {
      assert.deepEqual(parseReference(text), { kind: 'short', path, tag, digest: undefined });
    });
  }

  const refused: Array<[string, string]> = [
    ['nothing', ''],
    ['only a scheme', 'docker://'],
    ['a URL', 'https://example.com/x'],
    ['upper case', 'example.com/Httpd'],
    ['upper case in a short name', 'Httpd'],
    ['an empty path', 'example.com/'],
    ['an empty tag', 'example.com/x:'],
    ['a tag that begins with a dash', 'example.com/x:-a'],
    ['a tag of 129 characters', `example.com/x:${'t'.repeat(129)}`],
    ['two tags', 'example.com/x:a:b'],
    ['two slashes', 'example.com//x'],
    ['dots for a component', 'example.com/../x'],
    ['a leading slash', '/x'],
    ['a trailing slash', 'example.com/x/'],
    ['three underscores', 'example.com/a___b'],
    ['a space', 'example.com/a b'],
    ['a newline', 'example.com/a\n'],
    ['a NUL', 'example.com/a\0'],
    ['a user in the host', 'user@example.com/x'],
    ['a host that begins with a dash', '-a.com/x'],
    ['a host with two dots', 'a..com/x'],
    ['a host with an underscore', 'a_b.com/x'],
    ['a port that is no number', 'example.com:port/x'],
    ['an image ID', 'a'.repeat(64)],
    ['a name of 256 characters', `example.com/${'a'.repeat(244)}`],
    ['a megabyte', 'a'.repeat(1 << 20)],
    ['an unknown digest algorithm', `example.com/x@md5:${'0'.repeat(32)}`],
    ['a digest that is too short', 'example.com/x@sha256:abcd'],
    ['an upper-case digest', `example.com/x@${SHA256.toUpperCase()}`],
    ['two digests', `example.com/x@${SHA256}@${SHA256}`],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseReference(text), { code: 'reference-invalid' });
    });
  }

  it('takes a name of 255 characters', () => {
    assert.equal(parseReference(`example.com/${'a'.repeat(243)}`).kind, 'registry');
  });

  it('names the transport that it does not have', () => {
    assert.throws(() => parseReference('oci-archive:/tmp/x.tar'), {
      code: 'transport-unsupported',
      message: 'transport not supported: "oci-archive:/tmp/x.tar": oci-archive',
    });
  });

  it('escapes what a terminal would obey', () => {
    assert.throws(
      () => parseReference('a/\u001b[2J\u009b2J\u202e'),
      (error: Error) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
        assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f\u202e]/);
        return true;
      },
    );
  });
});

describe('qualify', () => {
  it('takes a namespace with the registry', () => {
    const short = parseReference('etcd:3');
    assert.equal(short.kind, 'short');
    if (short.kind === 'short') {
      assert.equal(formatReference(qualify(short, 'example.com/mirror')), 'example.com/mirror/etcd:3');
      assert.equal(formatReference(qualify(short, 'docker.io')), 'docker.io/library/etcd:3');
      assert.throws(() => qualify(short, 'nohost'), { code: 'reference-invalid' });
    }
  });
});
