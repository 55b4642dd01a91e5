import { execa } from 'execa';
import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
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
  const program = `docker-credential-${name}`;
  const answer = await execa(program, ['get'], {
    // Docker stores its own registry's password under this URL.
    input: host === 'docker.io' ? 'https://index.docker.io/v1/' : host,
    env,
    extendEnv: false,
    timeout: TIMEOUT,
    maxBuffer: 1024 * 1024,
    reject: false,
  });
  if (answer.exitCode === undefined) {
    throw failure(program, host, answer.timedOut ? 'it did not answer' : answer.shortMessage?.split('\n')[0]);
  }
  if (answer.exitCode !== 0) {
    // The protocol has no code for "not found", only this text.
    if (/credentials not found/i.test(answer.stdout)) return undefined;
    throw failure(program, host, `exit status ${answer.exitCode}: ${quote(answer.stdout || answer.stderr)}`);
  }
  return readAnswer(answer.stdout, program, host);
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
