import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { shareEqualFiles } from '../equality/as-berth-has-it.ts';
import { compareTrees, type Difference } from '../equality/difference.ts';
import { lookAt } from '../equality/look.ts';
import { unpackWithBerth, unpackWithUmoci } from '../equality/unpack.ts';
import { roots } from '../images/roots/recipe.ts';

let scratch: string;
/** What the images have had: types, and names of xattrs. */
const seen = new Set<string | undefined>();

before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'berth-equality-'));
});
after(() => {
  rmSync(scratch, { recursive: true });
});

/** Go's tar reader, and so umoci, takes a PAX record without a value for one that is not there. */
function isEmptyXattr({ what, first, second }: Difference): boolean {
  return what.startsWith('xattr ') && first === '' && second === undefined;
}

for (const recipe of roots) {
  test(`${recipe.name}: berth makes of it what umoci makes, whatever the compression`, async (context) => {
    const umoci = lookAt(await unpackWithUmoci(recipe, join(scratch, recipe.name)));
    const gzip = lookAt(await unpackWithBerth(recipe, join(scratch, 'gzip'), 'gzip'));
    for (const look of umoci.files.values()) {
      for (const [what, value] of look) seen.add(what === 'type' ? value : what);
    }
    const differences = compareTrees(gzip, shareEqualFiles(umoci));
    assert.deepEqual(
      differences.filter((difference) => !isEmptyXattr(difference)),
      [],
    );
    context.diagnostic(`${gzip.files.size} files, xattrs without a value: ${differences.length}`);
    const zstd = lookAt(await unpackWithBerth(recipe, join(scratch, 'zstd'), 'zstd'));
    assert.deepEqual(compareTrees(gzip, zstd), []);
  });
}

test('nothing that can differ is missing in what was compared', () => {
  const types = ['file', 'directory', 'symlink', 'fifo', 'character device', 'block device'];
  for (const what of [...types, 'xattr security.capability']) assert.ok(seen.has(what), what);
});
