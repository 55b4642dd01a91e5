import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../src/image/descriptor.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { readLimits } from '../../../src/image/limits.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import { type ImageContent, resolveImage, type TopDocument } from '../../../src/image/resolve-image.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** Documents by digest, as a transport would have them. */
class Content implements ImageContent {
  readonly blobs = new Map<string, Buffer>();
  reads = 0;

  add(value: unknown, mediaType: string): TopDocument {
    const bytes = Buffer.from(JSON.stringify(value));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    this.blobs.set(descriptor.digest, bytes);
    return { descriptor, bytes };
  }

  image(architecture = 'amd64', diffIds = 1): TopDocument {
    const diff_ids = Array(diffIds).fill(`sha256:${'ab'.repeat(32)}`);
    const config = this.add({ architecture, os: 'linux', rootfs: { type: 'layers', diff_ids } }, OCI_CONFIG);
    const layers = [{ mediaType: LAYER, digest: `sha256:${'cd'.repeat(32)}`, size: 1 }];
    return this.add({ schemaVersion: 2, config: config.descriptor, layers }, OCI_MANIFEST);
  }

  index(...manifests: unknown[]): TopDocument {
    return this.add({ schemaVersion: 2, manifests }, OCI_INDEX);
  }

  async manifest({ digest }: Descriptor): Promise<Buffer> {
    this.reads += 1;
    return this.blobs.get(digest) ?? assert.fail(`nobody has ${digest}`);
  }

  config(descriptor: Descriptor): Promise<Buffer> {
    return this.manifest(descriptor);
  }
}

describe('resolveImage', () => {
  it('follows indexes in indexes to the manifest of the platform', async () => {
    const content = new Content();
    const image = content.image();
    const inner = content.index({ ...image.descriptor, platform: AMD64 });
    const dead = content.index();
    const top = content.index(dead.descriptor, inner.descriptor);
    const resolved = await resolveImage(top, content, AMD64);
    assert.equal(resolved.descriptor.digest, image.descriptor.digest);
    assert.deepEqual(resolved.manifestBytes, image.bytes);
    assert.equal(resolved.config.architecture, 'amd64');
  });
  it('ends where indexes go on and on', async () => {
    const content = new Content();
    let top = content.image();
    for (let depth = 0; depth < 6; depth += 1) top = content.index({ ...top.descriptor, platform: AMD64 });
    await assert.rejects(resolveImage(top, content, AMD64), { code: 'limit-exceeded' });
    assert.ok(content.reads < 6);
  });
  it('ends where an index has too many others', async () => {
    const content = new Content();
    const dead = content.index();
    const top = content.index(...Array(1000).fill(dead.descriptor));
    await assert.rejects(resolveImage(top, content, AMD64), { code: 'limit-exceeded' });
    assert.equal(content.reads, 32);
  });
  it('refuses a document that is not what the index names', async () => {
    const content = new Content();
    const image = content.image();
    const other = content.image('amd64', 2);
    const wrongDigest = { ...other.descriptor, digest: image.descriptor.digest, size: image.bytes.length };
    content.blobs.set(wrongDigest.digest, Buffer.from(image.bytes).fill(0x20, 0, 1));
    await assert.rejects(resolveImage(content.index({ ...wrongDigest, platform: AMD64 }), content, AMD64), {
      code: 'digest-mismatch',
    });
    const wrongSize = { ...other.descriptor, size: 1, platform: AMD64 };
    await assert.rejects(resolveImage(content.index(wrongSize), content, AMD64), { code: 'size-mismatch' });
    const wrongType = { ...other.descriptor, mediaType: OCI_INDEX };
    await assert.rejects(resolveImage(content.index(wrongType), content, AMD64), {
      code: 'manifest-invalid',
    });
  });
  it('holds an image against the limits that are set, and names the one that it reaches', async () => {
    const content = new Content();
    const image = content.index({ ...content.image('amd64', 1).descriptor, platform: AMD64 });
    for (const [name, value] of [
      ['manifestBytes', 100],
      ['configBytes', 100],
      ['jsonValues', 3],
      ['indexDepth', 0],
      ['indexDocuments', 0],
      ['layers', 0],
    ] as const) {
      await assert.rejects(resolveImage(image, content, AMD64, readLimits({ [name]: value })), {
        code: 'limit-exceeded',
        message: new RegExp(`\\(limits\\.${name}\\)$`),
        hint: /\/etc\/berth\/berth\.yaml$/,
      });
    }
    await resolveImage(image, content, AMD64, readLimits({ manifestBytes: 1000 }));
  });
  it('refuses a document that is announced too large, before reading it', async () => {
    const content = new Content();
    const large = { ...content.image().descriptor, size: 1 << 30, platform: AMD64 };
    await assert.rejects(resolveImage(content.index(large), content, AMD64), { code: 'limit-exceeded' });
    assert.equal(content.reads, 0);
  });
  it('refuses a config whose diff IDs are not one for each layer', async () => {
    const content = new Content();
    await assert.rejects(resolveImage(content.image('amd64', 2), content, AMD64), {
      code: 'image-config-invalid',
      message: /the manifest has 1 layers, the config 2$/,
    });
  });
  it('refuses an image of another platform, and lists what there is', async () => {
    const content = new Content();
    const arm = content.image('arm64');
    const expected = { code: 'platform-unavailable', message: /linux\/amd64: there is linux\/arm64$/ };
    await assert.rejects(resolveImage(arm, content, AMD64), expected);
    const index = content.index({ ...arm.descriptor, platform: { os: 'linux', architecture: 'arm64' } });
    await assert.rejects(resolveImage(index, content, AMD64), expected);
    // An index that calls it something else does not make it run.
    await assert.rejects(
      resolveImage(content.index({ ...arm.descriptor, platform: AMD64 }), content, AMD64),
      expected,
    );
  });
});
