import { BerthError, messageOf } from '../../../errors.ts';
import { Transient } from './retry.ts';

// What node's TLS and OpenSSL say of a certificate that does not convince.
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;
const NO_TLS = /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/;
const NO_HTTP = /^HPE_/;

const HINTS: Partial<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) =>
    `check the name and the port, and that the registry runs: curl --head http://${host}/v2/`,
  EAI_AGAIN: () => 'check the network, and the name servers: cat /etc/resolv.conf',
  ENETUNREACH: () => 'check the network: ip route',
  EHOSTUNREACH: () => 'check the network: ip route',
};

/** True for a failure that only a host that speaks TLS can cause. */
export function isTlsFailure(error: unknown): boolean {
  return isCertificateFailure(error) || isAlert(error);
}

function isCertificateFailure(error: unknown): boolean {
  return CERTIFICATE.test(codeOf(error));
}

/** The other side ended the handshake and said why (RFC 8446, 6), as for want of a client certificate. */
function isAlert(error: unknown): boolean {
  return (
    /_ALERT_/.test(codeOf(error)) ||
    (codeOf(error) === 'EPROTO' && /:SSL alert number /.test(messageOf(error)))
  );
}

/** What to throw for an error of a connection to a host: `Transient` when asking again can help. */
export function connectionFailure(host: string, error: unknown): BerthError | Transient {
  if (error instanceof BerthError || error instanceof Transient) return error;
  const code = codeOf(error);
  // After a semicolon node tells of an option of its own.
  const cause = messageOf(error).split(';')[0] || code;
  const message = `cannot reach the registry: ${host}: ${cause}`;
  if (isCertificateFailure(error)) {
    return new BerthError('registry-unreachable', message, {
      hint: `put the certificate of its authority into /etc/containers/certs.d/${host}/ca.crt`,
      cause: error,
    });
  }
  if (isAlert(error)) {
    return new BerthError(
      'registry-unreachable',
      `cannot reach the registry: ${host}: it refused the TLS handshake: ${alertOf(error)}`,
      {
        hint: `where it wants a client certificate, put it into /etc/containers/certs.d/${host}/client.cert and client.key`,
        cause: error,
      },
    );
  }
  if (NO_TLS.test(code)) {
    return new BerthError(
      'registry-unreachable',
      `cannot reach the registry: ${host}: it does not speak TLS`,
      {
        hint: `if it is meant to be so: ${insecureCommand(host)}`,
        cause: error,
      },
    );
  }
  if (code === 'ENOTFOUND') {
    return new BerthError('registry-unreachable', `cannot reach the registry: ${host}: no such host`, {
      hint: `check the spelling and the name servers: getent hosts ${host.replace(/:\d+$/, '')}`,
      cause: error,
    });
  }
  if (NO_HTTP.test(code)) {
    return new BerthError(
      'registry-protocol',
      `the registry does not speak HTTP: ${host}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const hint = HINTS[code]?.(host);
  return new Transient(
    new BerthError('registry-unreachable', message, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    }),
  );
}

/** What declares a registry to be without TLS that can be trusted, in a file of its own. */
function insecureCommand(host: string): string {
  const directory = '/etc/containers/registries.conf.d';
  const text = `[[registry]]\\nlocation = "${host}"\\ninsecure = true\\n`;
  return `mkdir -p ${directory} && printf '${text}' >${directory}/${host}.conf`;
}

/** OpenSSL's words, such as "tlsv13 alert certificate required", without the source file around them. */
function alertOf(error: unknown): string {
  return /:((?:tls|ssl)[^:]* alert [^:]+):/.exec(messageOf(error))?.[1] ?? codeOf(error);
}

/** The code of an error; connecting to several addresses of a host gives one error for them all. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
