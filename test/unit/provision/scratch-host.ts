import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Paths } from '../../../src/paths.ts';
import { type DeclaredHost, type HostSource, readHost } from '../../../src/provision/read-host.ts';

/** A host of its own in a temporary directory: what /etc/berth holds there is written and read. */
export class ScratchHost implements Disposable {
  readonly paths = new Paths(mkdtempSync(join(tmpdir(), 'berth-host-')));

  constructor(files: Record<string, string | Uint8Array> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  get directory(): string {
    return this.paths.locate('/etc/berth');
  }

  /** `name` is below /etc/berth. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  read(source: HostSource = 'host', env: NodeJS.ProcessEnv = {}): Promise<DeclaredHost> {
    return readHost(source, { env, paths: this.paths });
  }

  [Symbol.dispose](): void {
    rmSync(this.paths.root, { recursive: true });
  }
}
