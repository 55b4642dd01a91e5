import { pushImage, REGISTRY } from '../e2e/push-image.ts';
import type { Host } from '../host/host.ts';

/** Each is a tag of all images of the trials, too. */
export type Release = '1' | '2';

const TYPES =
  'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

/** Has the host's registry serve two releases of `tiny`, and two of `plain`, which has nothing for the host. */
export async function pushReleases(host: Host): Promise<void> {
  const copy = 'skopeo --insecure-policy copy --quiet --src-tls-verify=false --dest-tls-verify=false';
  await host.sh(`${copy} docker://${REGISTRY}/tiny-next docker://${REGISTRY}/tiny:2`);
  for (const release of ['1', '2'] as const) {
    await pushImage(host, 'plain', { from: 'tiny', files: { '.wh.exports': '', release } });
    await tag(host, 'plain', 'latest', release);
  }
}

/** Has the tag `latest` stand for a release. */
export async function publish(host: Host, release: Release): Promise<void> {
  for (const name of ['tiny', 'plain']) await tag(host, name, release, 'latest');
}

async function tag(host: Host, name: string, from: string, to: string): Promise<void> {
  const manifests = `http://${REGISTRY}/v2/${name}/manifests`;
  await host.sh(`
    type=$(curl --silent --fail --header 'Accept: ${TYPES}' --output /tmp/manifest --write-out '%{content_type}' ${manifests}/${from})
    curl --silent --fail --request PUT --header "Content-Type: $type" --data-binary @/tmp/manifest ${manifests}/${to}`);
}
