import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { loadRegistries } from '../../reference/load-registries.ts';
import { parseRegistryName } from '../../reference/registry-name.ts';
import { openAccess } from '../../transport/registry/access.ts';
import { CredentialKeeper } from '../../transport/registry/auth/credential-keeper.ts';
import type { Context } from '../context.ts';

interface Options {
  all?: boolean;
  authfile?: string;
}

/** `berth logout`: forgets credentials. */
export function addLogout(program: Command, context: Context): void {
  program
    .command('logout')
    .description('forget the name and the password for a registry')
    .argument('[registry]', 'HOST[:PORT][/NAMESPACE] as it was given to login')
    .option('-a, --all', 'forget those for all registries')
    .option('--authfile <file>', 'file that the credentials are in')
    .addHelpText('after', '\nExample:\n  berth logout registry.example.com')
    .action((registry: string | undefined, options: Options) => logout(registry, options, context));
}

async function logout(registry: string | undefined, options: Options, context: Context): Promise<void> {
  if ((registry === undefined) !== (options.all === true)) {
    throw new BerthError(
      'usage',
      options.all ? '--all and a registry exclude each other' : 'no registry is named',
      {
        hint: 'berth logout REGISTRY, or berth logout --all',
      },
    );
  }
  const { paths, env, output } = context;
  const { credentialHelpers } = loadRegistries(paths, env);
  const { credentials } = openAccess({
    paths,
    env,
    authFile: context.authFile(options.authfile),
    credentialHelpers,
  });
  const keeper = new CredentialKeeper(credentials.primary, env, credentialHelpers);
  if (registry === undefined) {
    for (const key of await keeper.forgetAll()) output.note(`logged out of ${key}`);
    return;
  }
  const name = parseRegistryName(registry);
  const [forgotten] = await keeper.forget(name);
  const nothing = `not logged in to ${name.key}: nothing in ${keeper.file}`;
  output.note(forgotten === undefined ? nothing : `logged out of ${name.key}`);
  // Other programs keep theirs elsewhere, and berth goes on using them.
  if ((await credentials.find(name.domain, name.key.slice(name.domain.length + 1))) !== undefined) {
    output.warn(`there are still credentials for ${name.key} in another place (see containers-auth.json(5))`);
  }
}
