import assert from 'node:assert/strict';
import { formatImageReference, parseImageReference } from '../../../src/reference/image-reference.ts';
import type { FuzzKind } from '../kind.ts';
import { mutateText } from '../mutate/text.ts';

const NAMES = [
  'etcd',
  'team/app:1.2',
  'registry.example.com:5000/a/b__c/d-e.f:tag_1',
  'docker://docker.io/library/etcd',
  '[2001:db8::1]:5000/x',
  `localhost/x:1@sha256:${'0a'.repeat(32)}`,
  'oci:/srv/layout:name:1',
  'oci-archive:../image.tar:@1',
  'docker-archive:image.tar:team/app:1',
  'dir:/srv/image',
  'docker-daemon:etcd:3',
  'ostree:etcd@/ostree/repo',
  `x@sha512:${'0a'.repeat(64)}`,
];

const WORDS = [
  ...'/ : @ . _ __ ___ - -- // docker:// docker.io/ index.docker.io/ library/ localhost :5000 :latest'.split(
    ' ',
  ),
  ...'@sha256: A xn-- [::1] %41 ? # https:// oci: oci-archive: docker-archive: ostree: containers-storage: *'.split(
    ' ',
  ),
  ...['0'.repeat(64), 'x'.repeat(130)],
];

/** Names of images. */
export const reference: FuzzKind = {
  share: 0.05,
  codes: ['reference-invalid', 'transport-unsupported'],

  make: (random) => mutateText(random.pick(NAMES), WORDS, random),

  read(bytes) {
    const found = parseImageReference(bytes.toString('utf8'));
    assert.deepEqual(
      parseImageReference(formatImageReference(found)),
      found,
      'its canonical spelling is another name',
    );
  },
};
