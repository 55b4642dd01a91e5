import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What atomic(1) had of an image: layers as archives, and as the registry had them. */
export interface AtomicImage {
  /** Branch of the image, such as `ociimage/etcd_3Alatest`. */
  branch: string;
  manifest: Buffer;
  config: { hex: string; bytes: Buffer };
  layers: { hex: string; archive: Buffer }[];
}

/**
 * Makes an ostree repository with an image as atomic(1) left it there, by way of skopeo: a branch for
 * each layer with its files, and in its metadata the headers of its archive in the form of tar-split.
 */
export function makeAtomicRepository(directory: string, image: AtomicImage): string {
  const repository = join(directory, 'repo');
  ostree('init', `--repo=${repository}`, '--mode=bare');
  ostree('config', `--repo=${repository}`, 'set', 'core.fsync', 'false');
  const commit = (
    name: string,
    branch: string,
    metadata: Record<string, string>,
    fill: (tree: string) => void,
  ) => {
    const tree = join(directory, name);
    mkdirSync(tree);
    fill(tree);
    const strings = Object.entries(metadata).map(([key, value]) => `--add-metadata-string=${key}=${value}`);
    ostree('commit', `--repo=${repository}`, `--branch=${branch}`, ...strings, tree);
  };
  for (const { hex, archive } of image.layers) {
    const metadata = {
      'docker.uncompressed_size': String(archive.length),
      'tarsplit.output': gzipSync(tarSplit(archive)).toString('base64'),
    };
    commit(hex, `ociimage/${hex}`, metadata, (tree) =>
      execFileSync('tar', ['--extract', '--file=-', `--directory=${tree}`], { input: archive }),
    );
  }
  const { hex, bytes } = image.config;
  commit(hex, `ociimage/${hex}`, { 'docker.size': String(bytes.length) }, (tree) =>
    writeFileSync(join(tree, 'content'), bytes),
  );
  commit('image', image.branch, { 'docker.manifest': image.manifest.toString() }, () => {});
  return repository;
}

function ostree(...args: string[]): void {
  execFileSync('ostree', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The lines of tar-split for an archive: what is no content of a file is a segment. */
function tarSplit(archive: Buffer): string {
  const lines: object[] = [];
  let segment = 0;
  const cut = (end: number) => {
    lines.push({
      type: 2,
      payload: archive.subarray(segment, end).toString('base64'),
      position: lines.length,
    });
    segment = end;
  };
  for (let at = 0; archive[at] !== 0 && at < archive.length; ) {
    const text = (from: number, length: number) =>
      archive.toString('latin1', from, from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(at + 124, 12), 8);
    const isFile = !'xgLK'.includes(text(at + 156, 1) || '0');
    if (isFile) {
      cut(at + 512);
      const name = Buffer.from(text(at, 100), 'latin1').toString();
      lines.push({ type: 1, name, size, payload: 'AAAAAAAAAAA=', position: lines.length });
      segment += size;
    }
    at += 512 + size + ((512 - (size % 512)) % 512);
  }
  cut(archive.length);
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}
