import type { Host } from '../host/host.ts';
import { PLACE, PODMAN, REGISTRY, SERVICE } from './bench.ts';

/** What brings an image from the registry, or out of its storage, onto the disk. */
export interface Peer {
  name: string;
  /** The program that must be installed. */
  program: string;
  /** Why it cannot do this to an image; undefined when it can. */
  unable?(image: BenchImage): string | undefined;
  command(image: BenchImage): string;
}

export interface BenchImage {
  name: string;
  layers: BenchLayer[];
}

interface BenchLayer {
  /** In the registry's storage, which lies on this machine. */
  file: string;
  mediaType: string;
  /** Bytes, compressed. */
  size: number;
}

const copy = (image: BenchImage) =>
  `skopeo copy --quiet --src-tls-verify=false docker://${REGISTRY}/${image.name} oci:${PLACE}/layout:x`;

/** berth comes first: the others are what it is compared with. */
export const PEERS: Peer[] = [
  {
    name: 'berth install',
    program: 'berth',
    command: ({ name }) => `berth install --name ${SERVICE} ${name}`,
  },
  {
    name: 'podman pull',
    program: 'podman',
    command: ({ name }) => `${PODMAN} pull --quiet --tls-verify=false docker://${REGISTRY}/${name}`,
  },
  {
    name: 'skopeo + umoci',
    program: 'umoci',
    unable: (image) => (isZstd(image) ? 'umoci does not read zstd' : undefined),
    command: (image) => `${copy(image)}; umoci unpack --image ${PLACE}/layout:x ${PLACE}/bundle`,
  },
  { name: 'skopeo copy alone', program: 'skopeo', command: copy },
  {
    name: 'tar -x',
    program: 'tar',
    command: ({ layers }) =>
      `mkdir ${PLACE}/tar\n${layers.map(({ file, mediaType }) => `tar --extract --${mediaType.replace(/.*\+/, '')} --file ${file} --directory ${PLACE}/tar`).join('\n')}`,
  },
  {
    name: 'ostree commit + checkout',
    program: 'ostree',
    unable: (image) => (isZstd(image) ? 'ostree does not read zstd' : undefined),
    command: ({ layers }) =>
      [
        `ostree --repo=${PLACE}/ostree init --mode=bare`,
        ...layers.map(
          ({ file }, index) =>
            `ostree --repo=${PLACE}/ostree commit --branch=l${index} --tree=tar=${file} --tar-autocreate-parents`,
        ),
        ...layers.map(
          (_, index) =>
            `ostree --repo=${PLACE}/ostree checkout --union --require-hardlinks l${index} ${PLACE}/checkout`,
        ),
      ].join('\n'),
  },
];

/** What the registry says of an image. */
export async function describeImage(host: Host, name: string): Promise<BenchImage> {
  const manifest = await host.sh(
    `curl --silent --fail --header 'Accept: application/vnd.oci.image.manifest.v1+json' http://${REGISTRY}/v2/${name}/manifests/latest`,
  );
  const { layers } = JSON.parse(manifest) as {
    layers: { digest: string; mediaType: string; size: number }[];
  };
  return {
    name,
    layers: layers.map(({ digest, mediaType, size }) => {
      const hex = digest.replace('sha256:', '');
      const file = `/srv/registry/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
      return { file, mediaType, size };
    }),
  };
}

/** The peers that can bring an image onto the disk, and why the others cannot. */
export async function ablePeers(host: Host, image: BenchImage): Promise<{ able: Peer[]; notes: string[] }> {
  const able: Peer[] = [];
  const notes: string[] = [];
  for (const peer of PEERS) {
    const { exitCode } = await host.run('which', [peer.program]);
    const why = exitCode === 0 ? peer.unable?.(image) : `${peer.program} is not installed`;
    if (why === undefined) able.push(peer);
    else notes.push(`${peer.name} was not measured: ${why}.`);
  }
  return { able, notes };
}

function isZstd({ layers }: BenchImage): boolean {
  return layers.some(({ mediaType }) => mediaType.endsWith('zstd'));
}
