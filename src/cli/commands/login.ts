import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { loadRegistries } from '../../reference/load-registries.ts';
import { parseRegistryName, type RegistryName } from '../../reference/registry-name.ts';
import { loadSettings } from '../../settings.ts';
import { openAccess } from '../../transport/registry/access.ts';
import { CredentialKeeper, type Login } from '../../transport/registry/auth/credential-keeper.ts';
import { checkLogin } from '../../transport/registry/check-login.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { Context } from '../context.ts';

interface Options {
  username?: string;
  passwordStdin?: boolean;
  authfile?: string;
}

/** `berth login`: keeps credentials for a registry that takes them. */
export function addLogin(program: Command, context: Context): void {
  program
    .command('login')
    .description('keep a name and a password for a registry')
    .argument('<registry>', 'HOST[:PORT], with /NAMESPACE for credentials that are for a part of it')
    .option('-u, --username <name>', 'name to log in with; asked for without it')
    .option('--password-stdin', 'read the password from stdin instead of asking for it')
    .option('--authfile <file>', 'file to keep the credentials in')
    .addHelpText(
      'after',
      '\nExample:\n  berth login --username robot --password-stdin registry.example.com </run/secrets/robot',
    )
    .action((registry: string, options: Options) => login(parseRegistryName(registry), options, context));
}

async function login(registry: RegistryName, options: Options, context: Context): Promise<void> {
  const { paths, env, output, signal } = context;
  const { credentialHelpers, entries } = loadRegistries(paths, env);
  const access = openAccess({ paths, env, authFile: context.authFile(options.authfile), credentialHelpers });
  const { domain, key } = registry;
  const insecure =
    loadSettings(context.paths).registries.insecure.includes(domain) ||
    entries.some((entry) => entry.insecure && entry.prefix === domain);
  const readAndCheck = async (): Promise<Login> => {
    const login = await readLogin(registry, options, context);
    const wasAsked = await checkLogin(domain, insecure, login, access);
    if (!wasAsked) output.warn(`${domain} asks for no credentials: nobody knows whether these are right`);
    return login;
  };
  let login: Login;
  try {
    login = await untilAborted(readAndCheck(), signal);
  } catch (cause) {
    throw signal.aborted
      ? new BerthError('interrupted', `interrupted: logging in to ${key}`, { cause })
      : cause;
  } finally {
    access.connections.close();
  }
  const place = await new CredentialKeeper(access.credentials.primary, env, credentialHelpers).keep(
    registry,
    login,
  );
  output.note(`logged in to ${key} as ${login.username}: kept by ${place}`);
  if (place.startsWith('/run/'))
    output.note('Hint: this file lasts until the next boot; --authfile names another');
}

async function readLogin(
  { key }: RegistryName,
  options: Options,
  { prompt, signal }: Context,
): Promise<Login> {
  if (options.passwordStdin ? options.username === undefined : !prompt.isPossible) {
    throw new BerthError(
      'usage',
      `cannot ask for ${options.passwordStdin ? 'the name' : 'a password'}: no terminal`,
      {
        hint: `berth login --username ${options.username ?? 'NAME'} --password-stdin ${key} <FILE`,
      },
    );
  }
  const username = options.username ?? (await prompt.ask(`Name for ${key}: `));
  const password = options.passwordStdin
    ? (await prompt.readAll(signal)).toString('utf8').replace(/\r?\n$/, '')
    : await prompt.askSecret('Password: ');
  // The colon ends the name in a header and in an auth file.
  const problem = username === '' ? 'it is empty' : username.includes(':') ? 'it has a colon' : undefined;
  if (problem !== undefined) throw new BerthError('usage', `not a name to log in with: ${problem}`);
  if (password === '') throw new BerthError('usage', 'the password is empty');
  return { username, password };
}
