import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CHECKOUT } from '../host/checkout.ts';
import { Host } from '../host/host.ts';
import { assertFailure, leavesNothing, succeed } from './attempt.ts';
import { REGISTRY } from './push-image.ts';

// Names that nobody can know to be this machine: nothing is let through for them that is for loopback.
const PRIVATE = 'private.test:5443';
const GUARDED = 'guarded.test:5444';
const TOKENS = 'tokens.test:5445';

let host: Host;

before(async () => {
  host = await Host.boot({ registry: true });
  await host.sh(`
    echo 127.0.0.1 private.test guarded.test tokens.test >>/etc/hosts
    mkdir /srv/pki; cd /srv/pki
    authority() { openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$1 -keyout $1.key -out $1.crt; }
    certify() {
      openssl req -newkey rsa:2048 -nodes -subj /CN=$1 -keyout $1.key -out $1.csr
      echo "$2" >$1.ext; openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \\
        -extfile $1.ext -out $1.crt
    }
    { authority ca
      certify server subjectAltName=DNS:private.test,DNS:guarded.test,DNS:tokens.test
      certify client extendedKeyUsage=clientAuth; } 2>/dev/null
    htpasswd -Bbn me secret >/srv/htpasswd 2>/dev/null
    mkdir -p /etc/containers/certs.d/${GUARDED} /etc/docker/certs.d/${TOKENS}
    cp ca.crt /etc/containers/certs.d/${GUARDED}; cp ca.crt /etc/docker/certs.d/${TOKENS}`);
  await serve('private', 5443, {
    http: { tls: { ...TLS, clientcas: ['/srv/pki/ca.crt'] } },
    auth: { htpasswd: { realm: 'test', path: '/srv/htpasswd' } },
  });
  await host.sh(
    `systemd-run --quiet --unit=tokens '${process.execPath}' '${CHECKOUT}/test/e2e/fake-token-server.ts' \\
      5445 /srv/pki/server.crt /srv/pki/server.key /srv/tokens.log
    ${untilListening(5445)}`,
  );
  await serve('guarded', 5444, {
    http: { tls: TLS },
    auth: {
      token: {
        realm: `https://${TOKENS}/token`,
        service: 'guarded',
        issuer: 'test',
        rootcertbundle: '/srv/pki/server.crt',
      },
    },
  });
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const TLS = { certificate: '/srv/pki/server.crt', key: '/srv/pki/server.key' };

interface RegistryParts {
  http?: object;
  auth?: object;
  storage?: object;
  proxy?: object;
}

/** Starts another registry over the same test images, or over a store of its own. */
async function serve(name: string, port: number, settings: RegistryParts): Promise<void> {
  const shared = { version: '0.1', storage: { filesystem: { rootdirectory: '/srv/registry' } } };
  const http = { addr: `127.0.0.1:${port}`, ...settings.http };
  // YAML takes JSON.
  writeFileSync(host.path(`/srv/${name}.yml`), JSON.stringify({ ...shared, ...settings, http }));
  await host.sh(
    `systemd-run --quiet --unit=${name} docker-registry serve /srv/${name}.yml
    ${untilListening(port)}`,
  );
}

function untilListening(port: number): string {
  return `until (: </dev/tcp/127.0.0.1/${port}) 2>/dev/null; do sleep 0.02; done`;
}

/** Says what the credential for a registry is. */
function logIn(registry: string, text: string): void {
  const auths = { [registry]: { auth: Buffer.from(text).toString('base64') } };
  writeFileSync(host.path('/srv/auth.json'), JSON.stringify({ auths }));
}

function install(image: string): string[] {
  return ['install', '--no-enable', '--authfile', '/srv/auth.json', image];
}

/** Fetches an image, and leaves nothing of it. */
async function pulls(image: string): Promise<void> {
  await succeed(host, ...install(image));
  await succeed(host, 'uninstall', '--purge', 'tiny');
  await succeed(host, 'prune', '--all');
}

test('a registry with a password, a CA of its own and client certificates takes all three, one by one', async () => {
  const image = `${PRIVATE}/tiny`;
  const place = `/etc/containers/certs.d/${PRIVATE}`;
  await leavesNothing(host, async () => {
    logIn(PRIVATE, 'me:wrong');
    assertFailure(await host.berth(...install(image)), {
      status: 1,
      says: /^Error: cannot reach the registry: private\.test:5443: unable to verify the first certificate$/m,
      hint: /^Hint: .*\/etc\/containers\/certs\.d\/private\.test:5443\/ca\.crt$/m,
    });
    await host.sh(`mkdir -p ${place}; cp /srv/pki/ca.crt ${place}`);
    assertFailure(await host.berth(...install(image)), {
      status: 1,
      says: /^Error: cannot reach the registry: private\.test:5443: it refused the TLS handshake: .*$/m,
      hint: /^Hint: .*client\.cert and client\.key$/m,
    });
    await host.sh(`cp /srv/pki/client.crt ${place}/client.cert; cp /srv/pki/client.key ${place}`);
    assertFailure(await host.berth(...install(image)), {
      status: 1,
      says: /^Error: the credential is refused: private\.test:5443\/tiny:latest: .* answered 401/m,
      hint: /^Hint: berth login --authfile \/srv\/auth\.json private\.test:5443$/m,
    });
    logIn('other.test', 'me:secret');
    assertFailure(await host.berth(...install(image)), {
      status: 1,
      says: /^Error: access refused: private\.test:5443\/tiny:latest: /m,
    });
    await host.sh(`rm -r ${place}`);
  });
  await host.sh(`mkdir -p ${place}; cp /srv/pki/ca.crt /srv/pki/client.key ${place}
    cp /srv/pki/client.crt ${place}/client.cert`);
  logIn(PRIVATE, 'me:secret');
  await pulls(image);
});

test('a short name whose credential is refused is not taken from the next registry', async () => {
  await host.sh(`mkdir -p /etc/berth
    echo 'registries: { search: ["${GUARDED}", "${REGISTRY}"] }' >/etc/berth/berth.yaml`);
  logIn(GUARDED, 'me:wrong');
  await leavesNothing(host, async () => {
    assertFailure(await host.berth(...install('tiny')), {
      status: 1,
      says: /^Error: the credential is refused: a token for "repository:tiny:pull": tokens\.test:5445 answered 401/m,
    });
  });
  await host.sh('rm /etc/berth/berth.yaml');
});

test('a registry with tokens gets one for a pull, from the host that it names, and never the password', async () => {
  await host.sh('rm -f /srv/tokens.log; journalctl --rotate --vacuum-time=1s --quiet');
  logIn(GUARDED, 'me:secret');
  await pulls(`${GUARDED}/tiny`);
  const [asked, ...more] = (await host.sh('cat /srv/tokens.log')).split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(more, []);
  assert.equal(asked.url, '/token?service=guarded&scope=repository%3Atiny%3Apull&account=me');
  assert.equal(asked.headers.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
  assert.doesNotMatch(await host.journal('guarded.service'), /account=me|secret/);
});

test('a mirror that pulls through is asked first, and passed over when it is down', async () => {
  await serve('mirror', 5001, {
    storage: { filesystem: { rootdirectory: '/srv/mirror' } },
    proxy: { remoteurl: `http://${REGISTRY}` },
  });
  logIn('other.test', 'me:secret');
  await host.sh(`mkdir -p /etc/containers/registries.conf.d
    printf '[[registry]]\\nlocation = "${REGISTRY}"\\n[[registry.mirror]]\\nlocation = "127.0.0.1:5001"\\n' \\
      >/etc/containers/registries.conf.d/mirror.conf`);
  /** What berth itself has asked a registry for. */
  const asked = async (unit: string): Promise<string[]> =>
    [...(await host.journal(unit)).matchAll(/"GET \/v2\/tiny\/([a-z]+)\/[^"]*" 20\d .*"berth"/g)].map(
      ([, kind = '']) => kind,
    );

  await pulls(`${REGISTRY}/tiny`);
  assert.deepEqual([...new Set(await asked('mirror.service'))], ['manifests', 'blobs']);
  assert.deepEqual(await asked('test-registry.service'), []);

  // It keeps a blob beside passing it on, and perhaps only the next time.
  await host.sh(`for digest in $(skopeo inspect --raw --tls-verify=false docker://${REGISTRY}/tiny | grep -o 'sha256:[0-9a-f]*'); do
      until [ -e /srv/mirror/docker/registry/v2/repositories/tiny/_layers/sha256/\${digest#*:}/link ]; do
        curl --silent --fail --output /dev/null http://127.0.0.1:5001/v2/tiny/blobs/$digest; sleep 0.1
      done
    done`);
  // What the mirror has by now is enough.
  await host.sh('systemctl stop test-registry');
  await pulls(`${REGISTRY}/tiny`);
  await host.sh('systemctl start test-registry');

  // What it has damaged comes from the registry, the rest from the mirror.
  await host.sh('find /srv/mirror -name data -size +100k -exec truncate --size=-9 {} +');
  await pulls(`${REGISTRY}/tiny`);
  assert.deepEqual([...new Set(await asked('test-registry.service'))], ['blobs']);

  await host.sh('systemctl stop mirror');
  await pulls(`${REGISTRY}/tiny`);
  assert.ok((await asked('test-registry.service')).includes('manifests'));
});
