import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Paths } from '../../paths.ts';
import { instanceOf, type ServiceName } from '../../service-name.ts';
import { type Metadata, readXattrs } from '../../store/object.ts';
import type { HostFile } from '../exports/host-files.ts';
import { hashFile } from '../hash-file.ts';
import type { UnitTexts } from '../instances/share-unit.ts';
import { unitFileName } from '../instances/unit-template.ts';
import type { RenderedDeployment } from '../render/rendered-deployment.ts';
import { proxyUnit, socketUnit } from '../sockets/render-sockets.ts';
import { MASK, placesToMask } from '../vendor-files.ts';

/** Something of a staged deployment that goes to the host. */
export type StagedFile = {
  /** As the installed system will name it. */
  path: string;
  /** What it is to systemd, if it is anything to it. */
  role: 'unit' | 'tmpfiles' | 'sysusers' | 'host';
  uid: number;
  gid: number;
} & (
  | {
      type: 'file';
      /** Relative to the deployment. */
      source: string;
      mode: number;
      /** SHA-256 in hex. */
      content: string;
      /** Left out where there are none. */
      xattrs?: Metadata['xattrs'];
    }
  | { type: 'symlink'; target: string }
  | { type: 'directory'; mode: number }
);

/**
 * Writes what was rendered into a staged deployment, and lists all that is to go to the host: parents
 * before what is in them, with the directories that are missing there.
 */
export function stageFiles(
  name: ServiceName,
  rendered: RenderedDeployment & UnitTexts & { preset: string | undefined },
  directory: string,
  paths: Paths,
): StagedFile[] {
  const stage = new FileStage(directory, paths);
  const { installed } = paths;
  const unit = unitFileName(name);
  stage.text(rendered.service, 'unit', installed.unit(unit), unit);
  stage.text(
    rendered.instanceDropIn,
    'unit',
    installed.unit(`${name}.service.d/05-berth.conf`),
    '05-berth.conf',
  );
  stage.text(rendered.dropIn, 'unit', installed.unit(`${name}.service.d/10-berth.conf`), '10-berth.conf');
  stage.text(rendered.userDropIn, 'unit', installed.unit(`${name}.service.d/50-berth.conf`), '50-berth.conf');
  stage.text(
    rendered.resourceDropIn,
    'unit',
    installed.unit(`${name}.service.d/60-host.conf`),
    '60-host.conf',
  );
  stage.text(rendered.socket, 'unit', installed.unit(socketUnit(name)), socketUnit(name));
  stage.text(rendered.proxy, 'unit', installed.unit(proxyUnit(name)), proxyUnit(name));
  stage.text(rendered.sysusers, 'sysusers', installed.sysusers(name), 'sysusers.conf');
  stage.text(rendered.tmpfiles, 'tmpfiles', installed.tmpfiles(name), 'tmpfiles.conf');
  stage.text(rendered.preset, 'unit', installed.preset(name), 'enable.preset');
  // A preset finds units by their files: an instance has none of its own.
  if (rendered.preset !== undefined && instanceOf(name) !== undefined)
    stage.symlink(installed.unit(`${name}.service`), 'unit', unit);
  for (const file of rendered.hostFiles) stage.host(file, rendered.hostFileTexts);
  for (const path of placesToMask(name, stage.files, paths)) stage.symlink(path, 'unit', MASK);
  return stage.files;
}

class FileStage {
  readonly files: StagedFile[] = [];
  readonly #directory: string;
  readonly #paths: Paths;
  readonly #made = new Set<string>();

  constructor(directory: string, paths: Paths) {
    this.#directory = directory;
    this.#paths = paths;
  }

  /** Stages a text of berth's making, owned by root. */
  text(text: string | undefined, role: StagedFile['role'], path: string, source: string): void {
    if (text === undefined) return;
    this.#parents(path, role);
    this.files.push({ type: 'file', path, role, uid: 0, gid: 0, mode: 0o644, ...this.#write(source, text) });
  }

  /** Stages a symlink of berth's making. */
  symlink(path: string, role: StagedFile['role'], target: string): void {
    this.#parents(path, role);
    this.files.push({ type: 'symlink', path, role, uid: 0, gid: 0, target });
  }

  host(file: HostFile, texts: ReadonlyMap<string, string>): void {
    const { target: path, uid, gid } = file;
    const common = { path, role: 'host', uid, gid } as const;
    switch (file.type) {
      case 'directory':
        if (!existsSync(this.#paths.follow(path))) this.#directoryAt(path, { ...common, mode: file.mode });
        return;
      case 'symlink':
        this.#parents(path, 'host');
        this.files.push({ ...common, type: 'symlink', target: file.linksTo });
        return;
      case 'file':
        this.#parents(path, 'host');
        this.files.push({ ...common, type: 'file', mode: file.mode, ...this.#content(file, texts) });
    }
  }

  #content(
    file: HostFile & { type: 'file' },
    texts: ReadonlyMap<string, string>,
  ): Pick<StagedFile & { type: 'file' }, 'source' | 'content' | 'xattrs'> {
    const text = texts.get(file.target);
    if (text !== undefined) return this.#write(join('hostfs', file.target), text);
    const xattrs = readXattrs(file.source);
    return {
      source: relative(this.#directory, file.source),
      content: hashFile(file.source),
      ...(xattrs.length === 0 ? {} : { xattrs }),
    };
  }

  #write(source: string, text: string): { source: string; content: string } {
    const file = join(this.#directory, source);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
    return { source, content: createHash('sha256').update(text).digest('hex') };
  }

  #parents(path: string, role: StagedFile['role']): void {
    const missing: string[] = [];
    for (let parent = dirname(path); !this.#isThere(parent); parent = dirname(parent))
      missing.unshift(parent);
    for (const parent of missing)
      this.#directoryAt(parent, { path: parent, role, uid: 0, gid: 0, mode: 0o755 });
  }

  #directoryAt(path: string, entry: Omit<StagedFile & { type: 'directory' }, 'type'>): void {
    if (this.#made.has(path)) return;
    this.#made.add(path);
    this.files.push({ ...entry, type: 'directory' });
  }

  #isThere(path: string): boolean {
    return this.#made.has(path) || existsSync(this.#paths.follow(path));
  }
}
