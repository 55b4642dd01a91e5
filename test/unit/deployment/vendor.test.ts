import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeHistory } from '../../../src/deployment/history.ts';
import { withKept } from '../../../src/deployment/kept-deployments.ts';
import { listHistory } from '../../../src/deployment/list-history.ts';
import { readOrigin } from '../../../src/deployment/origin.ts';
import { changeFiles } from '../../../src/deployment/plan/change-files.ts';
import { prepareUninstall, type UninstallHost } from '../../../src/deployment/plan/uninstall.ts';
import { listServices, readCurrentRecord } from '../../../src/deployment/record.ts';
import { prepareRollback } from '../../../src/deployment/rollback.ts';
import { placesToMask, refuseState } from '../../../src/deployment/vendor-files.ts';
import { FakeSystemd } from './apply/fake-systemd.ts';
import { digest, VendorRoot, WEB } from './vendor-root.ts';

const UNIT = '[Service]\nExecStart=/bin/true\n';

function host({ paths }: VendorRoot, purge = false): UninstallHost {
  return { paths, systemd: new FakeSystemd(paths), force: false, purge, warn: assert.fail };
}

/** A vendor's deployment 0, hidden by the host's own deployment 1. */
function overridden(context: TestContext): VendorRoot {
  const root = new VendorRoot(context);
  root.install(
    root.vendor,
    0,
    {
      '/usr/lib/systemd/system/web.service': UNIT,
      '/usr/lib/systemd/system/web.service.d/10-berth.conf': '[Unit]\n',
      '/etc/web.conf': 'old',
    },
    { directories: ['/usr/lib/systemd/system/web.service.d'] },
  );
  root.install(
    root.paths,
    1,
    { '/etc/systemd/system/web.service': UNIT, '/etc/web.conf': 'new' },
    { overrides: digest(0), directories: ['/etc/web'] },
  );
  return root;
}

test('a service is the host’s own before it is the vendor’s', (context) => {
  const { paths, vendor } = overridden(context);
  assert.deepEqual(listServices(paths), [WEB]);
  const live = () => {
    const { number, vendor } = readCurrentRecord(paths, WEB) ?? {};
    return [number, vendor];
  };
  assert.deepEqual(live(), [1, undefined]);
  rmSync(paths.current(WEB));
  assert.deepEqual(live(), [0, true]);
  // Asked for itself, the vendor's side is like any other.
  assert.equal(readCurrentRecord(vendor, WEB)?.vendor, undefined);
  rmSync(vendor.state, { recursive: true });
  assert.deepEqual(live(), [undefined, undefined]);
});

test('an override tells when the operating system has brought another image since', (context) => {
  const root = overridden(context);
  const origin = () => {
    const record = readCurrentRecord(root.paths, WEB);
    return record && readOrigin(record, root.paths);
  };
  const hides = { number: 0, digest: digest(0), isNew: false };
  assert.deepEqual(origin(), { origin: 'override', hides });
  rmSync(root.vendor.state, { recursive: true });
  assert.deepEqual(origin(), { origin: 'host', hides: null });
  root.install(root.vendor, 1, {});
  assert.deepEqual(origin(), { origin: 'override', hides: { number: 1, digest: digest(1), isNew: true } });
});

test('the vendor’s deployment may have the number of one of the host’s own', (context) => {
  const root = overridden(context);
  rmSync(root.vendor.state, { recursive: true });
  root.install(root.vendor, 1, {});
  const at = '2026-01-01T00:00:00Z';
  writeHistory(root.paths, WEB, { version: 1, events: [{ at, what: 'update', number: 1 }], refused: null });
  const lines = () =>
    listHistory(root.paths, WEB).map(({ number, origin, state }) => [number, origin, state]);
  assert.deepEqual(lines(), [
    [1, 'host', 'current'],
    [1, 'vendor', 'previous'],
  ]);
  rmSync(root.paths.current(WEB));
  assert.deepEqual(lines(), [
    [1, 'host', 'previous'],
    [1, 'vendor', 'current'],
  ]);
});

test('the vendor’s deployment is the one before, whatever became of it with the operating system', (context) => {
  const root = overridden(context);
  root.deploy(root.paths, 2, {});
  const at = '2026-01-01T00:00:00Z';
  const back = { at, what: 'rollback', number: 0, vendor: true } as const;
  const events = [back, { at, what: 'update', number: 1 } as const];
  writeHistory(root.paths, WEB, { version: 1, events, refused: null });
  rmSync(root.vendor.state, { recursive: true });
  root.install(root.vendor, 7, {});
  const previous = listHistory(root.paths, WEB).find(({ state }) => state === 'previous');
  assert.deepEqual([previous?.number, previous?.origin], [7, 'vendor']);
});

test('what an override lacks of the vendor’s files for systemd must be masked, and nothing else', (context) => {
  const root = overridden(context);
  assert.deepEqual(placesToMask(WEB, [{ path: '/etc/systemd/system/web.service' }], root.paths), [
    '/etc/systemd/system/web.service.d/10-berth.conf',
  ]);
  assert.deepEqual(placesToMask(WEB, [], root.vendor), []);
});

test('a change on the host leaves the vendor’s files in /usr alone, and takes over those in /etc', (context) => {
  const root = overridden(context);
  const own = readCurrentRecord(root.paths, WEB);
  rmSync(root.paths.current(WEB));
  const vendors = readCurrentRecord(root.paths, WEB);
  assert.ok(own && vendors);
  const back = changeFiles([{ before: own, after: vendors, directories: [] }], root.paths);
  assert.deepEqual(back.changes, [
    { path: '/etc/systemd/system/web.service', change: 'removed', as: null },
    { path: '/etc/web.conf', change: 'changed', as: null },
  ]);
  const [, replaced] = back.steps;
  assert.ok(replaced?.kind === 'replace' && replaced.by.kind === 'file');
  assert.equal(replaced.by.source, join(root.vendor.deployment(WEB, 0), 'hostfs/etc/web.conf'));
  assert.deepEqual(withKept(vendors, root.paths).directories, ['/etc/web']);
});

test('a rollback goes back to the vendor’s deployment, and an uninstall removes what is in its way, too', async (context) => {
  const root = overridden(context);
  const kinds = (steps: readonly { kind: string }[]) => steps.map(({ kind }) => kind).join(' ');
  const rollback = await prepareRollback([WEB], undefined, host(root));
  assert.deepEqual(
    rollback?.plan.steps.find(({ kind }) => kind === 'current'),
    { kind: 'current', service: WEB, number: null, previous: 1 },
  );
  assert.doesNotMatch(kinds(rollback?.plan.steps ?? []), /retire/);
  const { interrupted, steps } = await prepareUninstall([WEB], host(root));
  assert.match(
    kinds(steps),
    /^resume reload current history remove replace remove-directory reload restart watch retire$/,
  );
  assert.equal(interrupted, 'undo');
  await assert.rejects(prepareUninstall([WEB], host(root, true)), { code: 'usage', message: /--purge/ });
});

test('what came with the operating system cannot be uninstalled', async (context) => {
  const root = overridden(context);
  rmSync(root.paths.current(WEB));
  // One could still have gone back to the host's own.
  const { steps } = await prepareUninstall([WEB], host(root));
  assert.deepEqual(steps, [{ kind: 'retire', service: WEB }]);
  rmSync(root.paths.deployment(WEB, 1), { recursive: true });
  await assert.rejects(prepareUninstall([WEB], host(root)), {
    code: 'vendor-service',
    hint: /^systemctl disable --now web\.service; .* systemctl mask --now web\.service$/,
  });
});

test('an image of an operating system ships nothing in /var, by whatever name', (context) => {
  const { vendor } = new VendorRoot(context);
  mkdirSync(join(vendor.root, 'usr'));
  symlinkSync('/var/usrlocal', join(vendor.root, 'usr/local'));
  refuseState([{ path: '/etc/web.conf' }, { path: '/usr/bin/web' }], vendor);
  for (const path of ['/var/lib/web/seed', '/usr/local/bin/web']) {
    assert.throws(() => refuseState([{ path }], vendor), { code: 'host-file-conflict' });
  }
});
