import { statSync } from 'node:fs';
import { loadRegistries } from '../reference/load-registries.ts';
import { loadSettings } from '../settings.ts';
import { AuthFile } from '../transport/registry/auth/auth-file.ts';
import { Credentials } from '../transport/registry/auth/credentials.ts';
import { GivenAuthFile } from '../transport/registry/auth/given-auth-file.ts';
import { type Check, complaintsOf, type Finding, findingsOf, orElse, problem } from './check.ts';

/** berth.yaml, registries.conf and the files with credentials. */
export const configurationCheck: Check = {
  name: 'configuration',
  live: false,
  async find({ paths, env }) {
    const complaints = complaintsOf([() => loadSettings(paths), () => loadRegistries(paths, env)]);
    const { files } = new Credentials(paths, env, GivenAuthFile.find(undefined, env));
    const exposed = await Promise.all(files.map((file) => findingsOf(() => lookAtAuthFile(file))));
    return orElse(
      [...complaints, ...exposed.flat()],
      'berth.yaml, registries.conf and the files with credentials are as they should be',
    );
  },
};

function lookAtAuthFile(file: string): Finding[] {
  if (AuthFile.read(file) === undefined) return [];
  const others = statSync(file).mode & 0o077;
  if (others === 0) return [];
  return [problem(`others than its owner may read or write credentials: ${file}`, `chmod 600 ${file}`)];
}
