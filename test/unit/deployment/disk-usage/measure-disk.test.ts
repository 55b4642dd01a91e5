import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type DiskUsage, measureDisk } from '../../../../src/deployment/disk-usage/measure-disk.ts';
import { pruneImages } from '../../../../src/deployment/prune-images.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { forgetImage } from '../../../../src/store/images.ts';
import { Store } from '../../../../src/store/store.ts';
import { layerOf } from '../../layer/fake-source.ts';
import { scratch } from '../../layer/scratch.ts';
import { TarBuilder } from '../../layer/tar-builder.ts';
import { pullAs } from '../../store/damage.ts';
import { IMAGE, Installed, WEB } from '../verify/installed.ts';

const OTHER = 'docker.example/other:1';

/** A block of most file systems, so that sizes tell files apart. */
const BLOCK = 4096;

const layers = (...files: [string, number][]) => {
  const tar = new TarBuilder();
  for (const [name, blocks] of files) tar.file(name, name[0]?.repeat(blocks * BLOCK));
  return [layerOf(tar.end())];
};

function image({ images }: DiskUsage, name: string) {
  const { ownBytes, sharedBytes, services } =
    images.find(({ names }) => names.includes(name)) ?? assert.fail(`no image ${name}`);
  return [ownBytes / BLOCK, sharedBytes / BLOCK, ...services];
}

describe('what berth keeps', () => {
  it('takes on the disk what du says, hard links counted once', async (context) => {
    const host = await Installed.web(context);
    const { paths, store } = host;
    await host.install(parseServiceName('large'), 0, layers(['etc/motd', 100]));
    const { totalBytes } = measureDisk(paths, store);
    const du = execFileSync('du', ['-s', '--block-size=1', paths.state], { encoding: 'utf8' });
    // Its own directories, and the list of images.
    assert.ok(Math.abs(Number(du.split('\t')[0]) - totalBytes) <= 10 * BLOCK, `${du} ${totalBytes}`);
  });
  it('is shared and own files of images, whatever layers and names they have', async (context) => {
    const { paths, store } = await Installed.web(context);
    await pullAs(store, OTHER, [...layers(['a', 1], ['b', 2]), ...layers(['a', 1])]);
    await pullAs(store, 'docker.example/same:1', [...layers(['a', 1], ['b', 2]), ...layers(['a', 1])]);
    await pullAs(store, 'docker.example/third:1', layers(['b', 2], ['c', 4]));
    const usage = measureDisk(paths, store);
    assert.deepEqual(image(usage, OTHER), [1, 2]);
    assert.deepEqual(image(usage, 'docker.example/same:1'), [1, 2]);
    assert.deepEqual(image(usage, 'docker.example/third:1'), [4, 2]);
    assert.deepEqual(image(usage, IMAGE).slice(2), [WEB]);
    assert.equal(usage.images.length, 3);
  });
  it('tells what a prune would free, and says the same when that is done', async (context) => {
    const { paths, store } = await Installed.web(context);
    await pullAs(store, OTHER, [...layers(['a', 25]), ...layers(['b', 3])]);
    await pullAs(store, 'docker.example/part:1', layers(['a', 25]));
    for (const place of [join(store.objects, 'README'), join(store.staging, 'file')])
      writeFileSync(place, 'x'.repeat(BLOCK));
    forgetImage(store, OTHER);
    const { prunableBytes, prunableAllBytes } = measureDisk(paths, store);
    assert.ok(prunableBytes >= 5 * BLOCK && prunableAllBytes >= prunableBytes + 25 * BLOCK);
    for (const [all, bytes] of [
      [true, prunableAllBytes],
      [false, prunableBytes],
    ] as const)
      assert.equal(pruneImages(paths, store, { dryRun: true, all }).freedBytes, bytes);
    assert.equal(pruneImages(paths, store, { dryRun: false, all: true }).freedBytes, prunableAllBytes);
    assert.equal(measureDisk(paths, store).prunableAllBytes, 0);
  });
  it('counts deployments by what they have beside their files, whatever a service is called', async (context) => {
    const host = await Installed.web(context);
    const { paths, store } = host;
    const before = measureDisk(paths, store).deployments;
    writeFileSync(join(paths.deployment(WEB, 0), 'more'), 'x'.repeat(3 * BLOCK));
    await host.install(parseServiceName('rootfs'), 0);
    const { deployments, files } = measureDisk(paths, store);
    assert.deepEqual([before.count, deployments.count], [1, 2]);
    assert.equal(deployments.bytes, 2 * before.bytes + 3 * BLOCK);
    assert.equal(files.bytes, measureDisk(paths, store).files.bytes);
  });
  it('counts what is staged, mounted, run and unfinished', async (context) => {
    const { paths, store } = await Installed.web(context);
    for (const place of [join(store.staging, 'boot'), join(paths.mounts, 'm'), join(paths.runs, 'r')]) {
      mkdirSync(join(place, 'rootfs'), { recursive: true });
      writeFileSync(join(place, 'file'), 'x'.repeat(BLOCK));
    }
    const { staging, mounts, runs, journal } = measureDisk(paths, store);
    assert.deepEqual(
      [staging, mounts, runs, journal].map(({ count }) => count),
      [1, 1, 1, 0],
    );
    assert.ok([staging, mounts, runs].every(({ bytes }) => bytes >= BLOCK));
  });
  it('counts nothing twice of what a running scan sees, also behind a symlink', async (context) => {
    const host = await Installed.web(context);
    const link = join(scratch(context), 'root');
    symlinkSync(host.paths.root, link);
    const paths = new Paths(link);
    const store = new Store(paths.store);
    const [rootfs = '', seen = ''] = ['rootfs', 'seen'].map((name) => join(paths.runs, 'berth-scan-a', name));
    for (const path of [rootfs, seen]) mkdirSync(path, { recursive: true });
    writeFileSync(join(rootfs, 'file'), 'x'.repeat(9 * BLOCK));
    const before = measureDisk(paths, store).runs;
    execFileSync('mount', ['--bind', rootfs, seen]);
    try {
      const { bytes } = measureDisk(paths, store).runs;
      assert.ok(bytes <= before.bytes, `${bytes}`);
    } finally {
      execFileSync('umount', [seen]);
    }
  });
  it('is nothing where nothing was installed', async (context) => {
    const paths = new Paths(scratch(context));
    const { totalBytes, images, freeBytes } = measureDisk(paths, new Store(paths.store));
    assert.deepEqual([totalBytes, images], [0, []]);
    assert.ok(freeBytes > 0);
  });
});
