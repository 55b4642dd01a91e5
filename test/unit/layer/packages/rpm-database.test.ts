import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRpmDatabase } from '../../../../src/layer/packages/rpm-database.ts';
import { scratch } from '../scratch.ts';
import { rpmDatabase, rpmHeader } from './rpm.ts';

const bash = { 1000: 'bash', 1001: '5.2', 1002: '1.fc40', 1022: 'x86_64', 1009: 8_000_000 };

describe("rpm's database of SQLite", () => {
  it('is read, and says which packages there are', (test) => {
    const database = rpmDatabase(scratch(test), [
      rpmHeader(bash),
      rpmHeader({ ...bash, 1000: 'vim', 1003: 2 }),
      rpmHeader({ 1000: 'gpg-pubkey', 1001: 'a', 1002: 'b' }),
    ]);
    assert.deepEqual(parseRpmDatabase(database), [
      { manager: 'rpm', name: 'bash', version: '5.2-1.fc40', architecture: 'x86_64', size: 8_000_000 },
      { manager: 'rpm', name: 'vim', version: '2:5.2-1.fc40', architecture: 'x86_64', size: 8_000_000 },
    ]);
  });
  for (const [pageSize, padding] of [
    [512, 100_000],
    [4096, 0],
    [4096, 3500],
    [4096, 4061],
    [4096, 50_000],
    [65_536, 200_000],
  ] as const) {
    it(`is read with pages of ${pageSize} and rows of ${padding} bytes, over many pages`, (test) => {
      const headers = Array.from({ length: 400 }, (_, index) =>
        rpmHeader({ ...bash, 1004: 'x'.repeat(padding + index), 1000: `p${index}` }),
      );
      const packages = parseRpmDatabase(rpmDatabase(scratch(test), headers, pageSize));
      assert.deepEqual(
        packages.map(({ name }) => name),
        headers.map((_, index) => `p${index}`),
      );
    });
  }
  it('is refused or read, never believed past its end, whatever bytes of it are changed', (test) => {
    const headers = Array.from({ length: 60 }, (_, index) =>
      rpmHeader({ ...bash, 1004: 'x'.repeat(index * 99) }),
    );
    const database = rpmDatabase(scratch(test), headers, 512);
    let refused = 0;
    for (let at = 0; at < database.length; at += 97) {
      const damaged = Buffer.from(database);
      damaged[at] = (at * 31) & 0xff;
      damaged[at + 1] = 0xff;
      try {
        assert.ok(parseRpmDatabase(damaged).length <= headers.length);
      } catch (error) {
        assert.ok(error instanceof Error);
        refused += 1;
      }
    }
    assert.ok(refused > 0);
  });
  it('is refused where a page leads back to itself', (test) => {
    const headers = Array.from({ length: 400 }, () => rpmHeader(bash));
    const database = rpmDatabase(scratch(test), headers, 512);
    // Interior pages end with the page of what is behind all their keys.
    for (let page = 512; page < database.length; page += 512) {
      if (database[page] === 5) database.writeUInt32BE(page / 512 + 1, page + 8);
    }
    assert.throws(() => parseRpmDatabase(database), /comes twice/);
  });
  it('is refused where a row has more columns than memory has room for', (test) => {
    const database = rpmDatabase(scratch(test), [rpmHeader({ ...bash, 1004: 'x'.repeat(3000) })]);
    const pages = Array.from({ length: database.length / 4096 }, (_, at) =>
      database.subarray(at * 4096, (at + 1) * 4096),
    );
    const page = pages.find((each) => each.includes('bash')) ?? assert.fail();
    // Behind the length of the row, two bytes, and its key: that all of it is columns, of which each is null.
    const row = page.readUInt16BE(8) + 3;
    page.fill(0, row + 2, row + 3000);
    page.writeUInt16BE(0x9730, row);
    assert.throws(() => parseRpmDatabase(database), /more than 2000 columns/);
  });
  it('is refused where rows are the same bytes again and again', (test) => {
    const headers = Array.from({ length: 8 }, () => rpmHeader({ ...bash, 1004: 'x'.repeat(200) }));
    const database = rpmDatabase(scratch(test), headers);
    const pages = Array.from({ length: database.length / 4096 }, (_, at) => database.subarray(at * 4096));
    const page = pages.find((each) => each[0] === 13 && each.readUInt16BE(3) === 8) ?? assert.fail();
    page.writeUInt16BE(500, 3);
    for (let cell = 1; cell < 500; cell += 1) page.writeUInt16BE(page.readUInt16BE(8), 8 + cell * 2);
    assert.throws(() => parseRpmDatabase(database), /larger than all of it/);
  });
});
