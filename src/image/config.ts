import { readDigest } from './descriptor.ts';
import type { Healthcheck, ImageConfig } from './image.ts';
import { JsonField } from './json-field.ts';
import { checkLimit, DEFAULT_LIMITS } from './limits.ts';

/**
 * Reads an image's config (OCI image spec, config.md, and Docker's Healthcheck).
 * Throws `image-config-invalid` naming the field, `digest-invalid`, `limit-exceeded`.
 */
export function parseImageConfig(bytes: Uint8Array, limits = DEFAULT_LIMITS): ImageConfig {
  checkLimit(limits, 'configBytes', bytes.length, 'size of the image config');
  const field = JsonField.parse(bytes, {
    code: 'image-config-invalid',
    document: 'the image config',
    limits,
  }).object();
  const run = field.get('config');
  const config: ImageConfig = {
    architecture: field.get('architecture').string(),
    os: field.get('os').string(),
    diffIds: readDiffIds(field.get('rootfs')),
    user: run.get('User').optionalString() ?? '',
    env: run.get('Env').list().map(readVariable),
    entrypoint: run.get('Entrypoint').strings(),
    cmd: run.get('Cmd').strings(),
    workingDir: run.get('WorkingDir').optionalString() ?? '',
    volumes: run.get('Volumes').keys(),
    exposedPorts: run.get('ExposedPorts').keys(),
    labels: run.get('Labels').stringMap(),
  };
  const variant = field.get('variant').optionalString();
  if (variant) config.variant = variant;
  const created = field.get('created').optionalString();
  if (created) config.created = created;
  const stopSignal = run.get('StopSignal').optionalString();
  if (stopSignal) config.stopSignal = stopSignal;
  const healthcheck = run.get('Healthcheck');
  if (healthcheck.isPresent) config.healthcheck = readHealthcheck(healthcheck);
  return config;
}

function readDiffIds(rootfs: JsonField): ImageConfig['diffIds'] {
  if (rootfs.get('type').string() !== 'layers') throw rootfs.get('type').wrong('not "layers"');
  return rootfs.get('diff_ids').list().map(readDigest);
}

function readVariable(field: JsonField): string {
  const variable = field.string();
  if (variable.startsWith('=')) throw field.wrong('it names no variable');
  return variable;
}

function readHealthcheck(field: JsonField): Healthcheck {
  const number = (key: string): number => (field.get(key).isPresent ? field.get(key).count() : 0);
  return {
    test: field.get('Test').strings(),
    interval: number('Interval'),
    timeout: number('Timeout'),
    startPeriod: number('StartPeriod'),
    retries: number('Retries'),
  };
}
