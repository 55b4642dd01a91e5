import { BerthError } from '../../../errors.ts';
import { quote } from '../../../reference/quote.ts';
import type { Credential } from './credential.ts';

const TIMEOUT = 30_000;

/**
 * Asks `docker-credential-NAME get` (docker-credential-helpers protocol). Undefined when it knows
 * nothing of the host. Throws `auth-file-invalid` when it is missing or fails.
 */
export async function askHelper(
  name: string,
  host: string,
  env: NodeJS.ProcessEnv,
): Promise<Credential | undefined> {
  const answer = await callHelper(name, 'get', host, serverUrl(host), env);
  return answer === undefined ? undefined : readAnswer(answer, programOf(name), host);
}

/** Gives `docker-credential-NAME store` a credential for a host to keep; throws as `askHelper`. */
export async function storeInHelper(
  name: string,
  host: string,
  { username, password }: { username: string; password: string },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: serverUrl(host), Username: username, Secret: password });
  await callHelper(name, 'store', host, input, env);
}

/** Makes `docker-credential-NAME erase` forget a host, which is no error when it knew nothing; throws as `askHelper`. */
export async function eraseFromHelper(name: string, host: string, env: NodeJS.ProcessEnv): Promise<void> {
  await callHelper(name, 'erase', host, serverUrl(host), env);
}

/** The program that is run for a helper of this name. */
export function programOf(name: string): string {
  return `docker-credential-${name}`;
}

/** What the helper answers; undefined when it knows nothing of the host. */
async function callHelper(
  name: string,
  verb: 'get' | 'store' | 'erase',
  host: string,
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const program = programOf(name);
  const { execa } = await import('execa');
  const answer = await execa(program, [verb], {
    input,
    env,
    extendEnv: false,
    timeout: TIMEOUT,
    maxBuffer: 1024 * 1024,
    reject: false,
  });
  if (answer.exitCode === undefined) {
    throw failure(program, host, answer.timedOut ? 'it did not answer' : answer.shortMessage?.split('\n')[0]);
  }
  if (answer.exitCode === 0) return answer.stdout;
  // The protocol has no code for "not found", only this text.
  if (/credentials not found/i.test(answer.stdout)) return undefined;
  throw failure(program, host, `exit status ${answer.exitCode}: ${quote(answer.stdout || answer.stderr)}`);
}

/** Docker stores its own registry's password under this URL. */
function serverUrl(host: string): string {
  return host === 'docker.io' ? 'https://index.docker.io/v1/' : host;
}

function readAnswer(text: string, program: string, host: string): Credential | undefined {
  let answer: { Username?: unknown; Secret?: unknown } | null;
  try {
    answer = JSON.parse(text);
  } catch {
    // As of an auth file, no piece of it may reach a message.
    throw failure(program, host, 'its answer is not JSON');
  }
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw failure(program, host, 'its answer has no Username and Secret');
  }
  if (secret === '') return undefined;
  return username === '<token>'
    ? { kind: 'identity', token: secret }
    : { kind: 'password', username, password: secret };
}

function failure(program: string, host: string, cause = 'it could not be run'): BerthError {
  return new BerthError('auth-file-invalid', `credential helper failed: ${program}: ${host}: ${cause}`, {
    hint: 'credHelpers or credsStore of the auth file names this helper, or credential-helpers of registries.conf',
  });
}
