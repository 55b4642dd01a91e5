import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes `key` and `cert` in a directory: one certificate that serves as authority, server and client. */
export async function selfSigned(directory: string): Promise<{ key: Buffer; cert: Buffer }> {
  const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -addext';
  execFileSync(
    'openssl',
    [...args.split(' '), 'subjectAltName=IP:127.0.0.1,IP:0.0.0.0', '-keyout', 'key', '-out', 'cert'],
    { cwd: directory, stdio: 'ignore' },
  );
  return { key: await readFile(join(directory, 'key')), cert: await readFile(join(directory, 'cert')) };
}
