import type { ImageContent } from '../../../src/layer/image-content.ts';
import { pullImage } from '../../../src/layer/pull.ts';
import { readImageTree } from '../../../src/layer/stored-layer.ts';
import type { Store } from '../../../src/store/store.ts';
import { FakeSource, layerOf } from './fake-source.ts';
import type { TarBuilder } from './tar-builder.ts';

/** The content of an image of these layers, once it is in a store. */
export async function contentOf(store: Store, ...layers: TarBuilder[]): Promise<ImageContent> {
  const source = new FakeSource(
    layers.map((tar) => layerOf(Buffer.concat([tar.bytes(), Buffer.alloc(1024)]))),
  );
  const platform = { os: 'linux', architecture: 'amd64' };
  const { diffIds } = await pullImage(store, source, { platform });
  return { store, tree: readImageTree(store, diffIds) };
}
