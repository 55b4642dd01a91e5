import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compareImages } from '../../../src/layer/compare-images.ts';
import { Store } from '../../../src/store/store.ts';
import { contentOf } from './images.ts';
import { scratchStore } from './scratch.ts';
import { TarBuilder } from './tar-builder.ts';

describe('two images that are compared', () => {
  it('differ by what was added, removed and changed, and in what', async (test) => {
    const { store } = scratchStore(test);
    const before = await contentOf(
      store,
      new TarBuilder()
        .file('same', 'same')
        .file('gone', 'four')
        .file('content', 'old')
        .file('mode', 'x', { mode: 0o755 })
        .file('owner', 'x')
        .symlink('link', 'there')
        .device('character', 'null', 1, 3)
        .file('kind', 'x')
        .directory('etc/')
        .file('etc/deep', 'x'),
    );
    const after = await contentOf(
      store,
      new TarBuilder()
        .file('same', 'same')
        .file('content', 'newer')
        .file('mode', 'x', { mode: 0o4755 })
        .file('owner', 'x', { uid: 7 })
        .symlink('link', 'elsewhere')
        .device('character', 'null', 1, 5)
        .directory('kind/')
        .file('kind/new', '12'),
    );
    const told = compareImages(before, after).map(({ path, change, type, differences, sizes }) =>
      [path, change, type, differences.join(), ...sizes].join(' '),
    );
    assert.deepEqual(told, [
      '/content changed file content 3 5',
      '/etc removed directory  0 0',
      '/etc/deep removed file  1 0',
      '/gone removed file  4 0',
      '/kind changed directory type 1 0',
      '/kind/new added file  0 2',
      '/link changed symlink target 0 0',
      '/mode changed file mode 1 1',
      '/null changed character device 0 0',
      '/owner changed file owner 1 1',
    ]);
  });
  it('are compared once where many names stand for one file', async (test) => {
    const { store } = scratchStore(test);
    const named = (mode: number) => {
      const tar = new TarBuilder().file('0', 'x', { mode });
      for (let name = 1; name < 100; name += 1) tar.hardlink(String(name), '0');
      return tar;
    };
    const opened: string[] = [];
    class WatchedStore extends Store {
      override readableObject(key: Parameters<Store['readableObject']>[0]): string {
        opened.push(key);
        return super.readableObject(key);
      }
    }
    const [before, after] = [await contentOf(store, named(0o644)), await contentOf(store, named(0o600))];
    const watched = { ...before, store: new WatchedStore(store.directory) };
    assert.equal(compareImages(watched, after).length, 100);
    assert.equal(opened.length, 1);
  });
  it('do not differ by times alone, nor by how layers made them', async (test) => {
    const { store } = scratchStore(test);
    const before = await contentOf(store, new TarBuilder().file('a', 'one', { mtime: 1 }).file('b', 'two'));
    const after = await contentOf(
      store,
      new TarBuilder().file('a', 'one', { mtime: 2 }).file('c', 'x'),
      new TarBuilder().file('.wh.c').file('b', 'two'),
    );
    assert.deepEqual(compareImages(before, after), []);
  });
  it('differ where files of one size have another content', async (test) => {
    const { store } = scratchStore(test);
    const text = 'x'.repeat(600_000);
    const before = await contentOf(store, new TarBuilder().file('a', `${text}1`));
    const after = await contentOf(store, new TarBuilder().file('a', `${text}2`));
    assert.deepEqual(
      compareImages(before, after).map(({ differences }) => differences),
      [['content']],
    );
  });
  it('name the damage where an object is missing', async (test) => {
    const { store } = scratchStore(test);
    const before = await contentOf(store, new TarBuilder().file('a', '1'));
    const after = await contentOf(store, new TarBuilder().file('a', '2'));
    rmSync(store.objects, { recursive: true });
    assert.throws(() => compareImages(before, after), { code: 'store-damaged' });
  });
});
