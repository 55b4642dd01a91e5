import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLimits } from '../../../src/image/limits.ts';
import type { DirectoryNode, ImageTree } from '../../../src/layer/image-tree.ts';
import { uniteLayers } from '../../../src/layer/union.ts';
import type { LayerEntry } from '../../../src/store/layer-record.ts';
import type { Metadata, ObjectKey } from '../../../src/store/object.ts';

const METADATA: Metadata = { uid: 0, gid: 0, mode: 0o644, mtime: 0n, xattrs: [] };

// One entry a word: "a/b" file, "a/" directory, "a->b" symlink, "a=b" hard link, "-a" whiteout, "!a" opaque.
function layer(text: string): LayerEntry[] {
  return text.split(' ').filter(Boolean).map(parse);
}

function parse(word: string): LayerEntry {
  const [from = '', symlink] = word.split('->');
  if (symlink !== undefined) return { type: 'symlink', path: from, target: symlink, ...METADATA };
  const [path = '', hardlink] = word.split('=');
  if (hardlink !== undefined) return { type: 'hardlink', path, target: hardlink };
  if (word.startsWith('-')) return { type: 'whiteout', path: word.slice(1) };
  if (word.startsWith('!')) return { type: 'opaque', path: word.slice(1) };
  if (word.endsWith('/')) return { type: 'directory', path: word.slice(0, -1), ...METADATA, mode: 0o700 };
  return { type: 'file', path: word, key: 'k' as ObjectKey, size: 1, ...METADATA };
}

function unite(...layers: string[]): ImageTree {
  return uniteLayers(layers.map(layer));
}

function list(tree: ImageTree): string {
  const words: string[] = [];
  const walk = (directory: DirectoryNode, path: string) => {
    for (const [name, node] of [...directory.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (node.type === 'directory') {
        if (node.children.size === 0) words.push(`${path}${name}/`);
        walk(node, `${path}${name}/`);
      } else {
        words.push(`${path}${name}${node.type === 'symlink' ? `->${node.target}` : ''}`);
      }
    }
  };
  walk(tree.root, '');
  return words.join(' ');
}

const table: [name: string, layers: string[], tree: string][] = [
  ['a whiteout hides what is below', ['a/x a/y', '-a/x'], 'a/y'],
  ['a whiteout hides a directory with all in it', ['a/b/c d', '-a'], 'd'],
  ['a whiteout hides only lower layers, before its file', ['a/x', '-a/x a/x'], 'a/x'],
  ['a whiteout hides only lower layers, after its file', ['a/x', 'a/x -a/x'], 'a/x'],
  ['a whiteout of nothing is nothing', ['a', '-b -c/d -a/x'], 'a'],
  ['a whiteout holds for the layers below and not those above', ['a', '-a', 'a'], 'a'],
  ['an opaque directory hides what is below, before its files', ['a/x a/y', '!a a/z'], 'a/z'],
  ['an opaque directory hides what is below, after its files', ['a/x a/y', 'a/z !a'], 'a/z'],
  ['an opaque directory does not hide siblings', ['a/x b', '!a'], 'a/ b'],
  ['an opaque root hides everything', ['a/x b', '! c'], 'c'],
  ['whiteouts below an opaque directory change nothing', ['a/x/y', '-a/x/y !a'], 'a/'],
  [
    'a whiteout does not reach through a symlink',
    ['usr/lib/x lib->usr/lib', '-lib/x'],
    'lib->usr/lib usr/lib/x',
  ],
  [
    'a directory that replaces a symlink hides nothing where that had led',
    ['usr/lib/x lib->usr/lib', 'lib/ !lib -lib/x lib/y'],
    'lib/y usr/lib/x',
  ],
  ['a file replaces a directory', ['a/b/c', 'a'], 'a'],
  ['a directory replaces a file', ['a', 'a/ a/b'], 'a/b'],
  ['a directory replaces a symlink', ['b/x a->b', 'a/ a/y'], 'a/y b/x'],
  ['a directory joins a directory', ['a/x', 'a/ a/y'], 'a/x a/y'],
  ['a later entry wins in one layer', ['a b->x b'], 'a b'],
  ['parents that are missing are made', ['a/b/c'], 'a/b/c'],
  ['a parent that is a symlink is followed', ['usr/lib/ lib->usr/lib', 'lib/x'], 'lib->usr/lib usr/lib/x'],
  ['an absolute symlink leads from the root of the image', ['lib->/usr', 'lib/x'], 'lib->/usr usr/x'],
  ['a symlink does not lead above the root', ['a->../../../../etc', 'a/x'], 'a->../../../../etc etc/x'],
  ['a symlink is followed from where it stands', ['a/b->../c c/', 'a/b/x'], 'a/b->../c c/x'],
  ['".." after a symlink is where that has led', ['a->b/c b/c/', 'd->a/.. d/x'], 'a->b/c b/c/ b/x d->a/..'],
  ['a hard link follows symlinks above its target', ['usr/a lib->usr', 'b=lib/a'], 'b lib->usr usr/a'],
];

for (const [name, layers, expected] of table) {
  test(name, () => assert.equal(list(unite(...layers)), expected));
}

test('a hard link is the same file, across layers and for symlinks too', () => {
  const tree = unite('a s->x', 'b=a t=s', 'a');
  assert.notEqual(tree.find('a'), tree.find('b'));
  assert.equal(tree.find('t'), tree.find('s'));
  const same = unite('a', 'd/b=a');
  assert.equal(same.find('d/b'), same.find('a'));
  assert.equal(same.linked.size, 1);
});

test('a directory has the metadata of the topmost layer that describes it', () => {
  const mode = (tree: ImageTree) => {
    const node = tree.find('a');
    return node?.type === 'directory' ? node.metadata.mode : undefined;
  };
  assert.equal(mode(unite('a/x')), 0o755);
  assert.equal(mode(unite('a/ a/x', 'a/y')), 0o700);
  assert.equal(mode(unite('a/x', 'a/')), 0o700);
});

const refused: [name: string, code: string, layers: string[]][] = [
  ['a hard link to nothing', 'layer-invalid', ['b=a']],
  ['a hard link to a later entry', 'layer-invalid', ['b=a a']],
  ['a hard link to what the layer hides', 'layer-invalid', ['a', 'b=a -a']],
  ['a hard link to a directory', 'layer-invalid', ['a/ b=a']],
  ['an entry below a file', 'layer-invalid', ['a', 'a/b']],
  ['an entry below a symlink to a file', 'layer-invalid', ['f a->f', 'a/b']],
  ['an entry below a symlink to itself', 'layer-unsafe', ['a->a', 'a/b']],
  ['an entry below two symlinks in a ring', 'layer-unsafe', ['a->b b->a', 'a/b']],
  ['a symlink at /dev', 'layer-unsafe', ['dev->/tmp']],
  ['a symlink at /proc', 'layer-unsafe', ['proc->/tmp']],
  ['a file at /sys', 'layer-unsafe', ['sys']],
  ['a symlink at /dev that a higher layer puts there', 'layer-unsafe', ['dev/x', 'dev->/etc']],
  ['a file at /dev/null (CVE-2025-31133)', 'layer-unsafe', ['dev/null']],
  ['a symlink at /dev/null', 'layer-unsafe', ['dev/null->/proc/sys/kernel/core_pattern']],
];

for (const [name, code, layers] of refused) {
  test(`refused: ${name}`, () => assert.throws(() => unite(...layers), { code }));
}

test('a reserved place that a higher layer mends is taken', () => {
  assert.equal(list(unite('dev->/tmp', '-dev dev/')), 'dev/');
});

test('a tree that symlinks make deeper and deeper reaches the limit', () => {
  const entries: LayerEntry[] = [];
  for (let index = 0; index < 10; index += 1) {
    entries.push(
      parse(`s${index}->${index === 0 ? '' : `s${index - 1}/`}${'d/'.repeat(20)}`),
      parse(`s${index}/x/f`),
    );
  }
  assert.throws(() => uniteLayers([entries], readLimits({ depth: 100 })), {
    code: 'limit-exceeded',
    message: /limits\.depth/,
  });
});

test('an image whose names all lead through long chains of symlinks is refused within a second', () => {
  const entries = Array.from({ length: 500 }, (_, index) =>
    parse(`s${index}->${'/'.repeat(4000)}${index === 499 ? '' : `s${index + 1}`}`),
  );
  for (let index = 0; index < 100_000; index += 1) entries.push(parse(`s0/${index}`));
  assert.throws(() => uniteLayers([entries]), { code: 'layer-unsafe', message: /too many symlinks/ });
});

test('names whose parents have no entries cannot make millions of directories', () => {
  const entries = Array.from({ length: 1000 }, (_, index) => parse(`${index}/${'a/'.repeat(125)}f`));
  assert.throws(() => uniteLayers([entries], readLimits({ entries: 10_000 })), {
    code: 'limit-exceeded',
    message: /directories of an image.*limits\.entries/,
  });
});
