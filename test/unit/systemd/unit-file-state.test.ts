import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Paths } from '../../../src/paths.ts';
import { plainFileState } from '../../../src/systemd/unit-file-state.ts';
import { UnitFiles } from '../../../src/systemd/unit-files.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-state-'));
});
after(() => rmSync(root, { recursive: true }));

const ETC = 'etc/systemd/system';
const WANTED = '[Install]\nWantedBy=multi-user.target\n';

function place(path: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  return join(root, path);
}

function write(path: string, install = ''): void {
  writeFileSync(place(path), `[Service]\nExecStart=/bin/true\n${install}`);
}

/** By what units are in which directory; `alone` is what only systemd can tell. */
const UNITS: Record<string, { make(unit: string): void; alone?: true }> = {
  'on.service': {
    make: (unit) => {
      write(`${ETC}/${unit}`, WANTED);
      symlinkSync(`../${unit}`, place(`${ETC}/multi-user.target.wants/${unit}`));
    },
  },
  'required.service': {
    make: (unit) => {
      write(`${ETC}/${unit}`, '[Install]\nRequiredBy=x.service\n');
      symlinkSync(`../${unit}`, place(`${ETC}/x.service.requires/${unit}`));
    },
  },
  'off.service': { make: (unit) => write(`${ETC}/${unit}`, WANTED) },
  'static.service': { make: (unit) => write(`${ETC}/${unit}`) },
  'vendor.service': { make: (unit) => write(`usr/lib/systemd/system/${unit}`, WANTED) },
  'dropped.service': {
    make: (unit) => {
      write(`${ETC}/${unit}`);
      writeFileSync(place(`${ETC}/${unit}.d/10-install.conf`), WANTED);
    },
  },
  'alias.service': {
    make: (unit) => {
      write(`${ETC}/${unit}`, `${WANTED}Alias=other.service\n`);
      symlinkSync(`../${unit}`, place(`${ETC}/multi-user.target.wants/${unit}`));
    },
  },
  'runtime.service': {
    make: (unit) => {
      write(`${ETC}/${unit}`, WANTED);
      symlinkSync(`/${ETC}/${unit}`, place(`run/systemd/system/multi-user.target.wants/${unit}`));
    },
    alone: true,
  },
  'linked.service': {
    make: (unit) => {
      write(`opt/${unit}`, WANTED);
      symlinkSync(`/opt/${unit}`, place(`${ETC}/${unit}`));
    },
    alone: true,
  },
  'also.service': { make: (unit) => write(`${ETC}/${unit}`, '[Install]\nAlso=on.service\n'), alone: true },
  'reset.service': { make: (unit) => write(`${ETC}/${unit}`, `${WANTED}WantedBy=\n`), alone: true },
  'masked.service': { make: (unit) => symlinkSync('/dev/null', place(`${ETC}/${unit}`)), alone: true },
  'of@a.service': { make: () => write(`${ETC}/of@.service`, WANTED), alone: true },
};

test('files tell of plain units what systemd says of them, and of no other', () => {
  for (const [unit, { make }] of Object.entries(UNITS)) make(unit);
  const files = new UnitFiles(new Paths(root));
  for (const [unit, { alone }] of Object.entries(UNITS)) {
    assert.equal(plainFileState(files, unit), alone ? undefined : isEnabled(unit), unit);
  }
  assert.equal(plainFileState(files, 'none.service'), '');
});

function isEnabled(unit: string): string {
  // It fails, too, when the answer is "disabled".
  const command = `systemctl --root='${root}' is-enabled '${unit}' || true`;
  return execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim();
}
