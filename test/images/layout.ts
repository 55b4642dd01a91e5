import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blob, PackedLayer } from './layer.ts';
import type { Recipe } from './recipe.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

interface Entry extends Blob {
  platform?: { os: string; architecture: string };
}

/** An OCI image layout (image-layout.md) with one image, named by its recipe. */
export class Layout {
  readonly dir: string;
  readonly #architecture: string;

  private constructor(dir: string, architecture: string) {
    this.dir = dir;
    this.#architecture = architecture;
  }

  static async create(dir: string): Promise<Layout> {
    const layout = new Layout(dir, process.arch === 'x64' ? 'amd64' : process.arch);
    await mkdir(layout.blobs, { recursive: true });
    await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    return layout;
  }

  get blobs(): string {
    return join(this.dir, 'blobs/sha256');
  }

  /** Finishes the layout. The blobs of the layers are in it already. */
  async add(recipe: Recipe, layers: PackedLayer[]): Promise<void> {
    let entry: Entry = await this.#manifest(recipe, layers, this.#architecture);
    if (recipe.format === 'index') {
      // Another platform first: a reader that takes the first entry gets the wrong one.
      const other = await this.#manifest(recipe, layers.slice(0, 1), 's390x');
      const manifests = [platformEntry(other, 's390x'), platformEntry(entry, this.#architecture)];
      entry = await this.#json({ schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
    }
    const named = { ...entry, annotations: { 'org.opencontainers.image.ref.name': recipe.name } };
    await writeFile(join(this.dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  }

  async #manifest(recipe: Recipe, layers: PackedLayer[], architecture: string): Promise<Blob> {
    const config = {
      created: new Date().toISOString(),
      architecture,
      os: 'linux',
      config: recipe.config,
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      history: layers.map(() => ({ created_by: `test image ${recipe.name}` })),
    };
    return await this.#json(
      {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: await this.#json(config, 'application/vnd.oci.image.config.v1+json'),
        layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
      },
      MANIFEST,
    );
  }

  async #json(value: object, mediaType: string): Promise<Blob> {
    const bytes = Buffer.from(JSON.stringify(value));
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(this.blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }
}

function platformEntry(blob: Blob, architecture: string): Entry {
  return { ...blob, platform: { os: 'linux', architecture } };
}
