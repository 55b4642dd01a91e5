import { parseImageConfig } from './config.ts';
import { checkBytes } from './descriptor.ts';
import type { Platform } from './image.ts';
import type { Limits } from './limits.ts';
import { checkLimit } from './limits.ts';
import { parseImageDocument } from './manifest.ts';
import type { ImageContent, TopDocument } from './resolve-image.ts';

/**
 * The platform of an image that a name stands for without an index; undefined where an index leaves the choice.
 * Who only looks at an image or copies it need not be able to run it. Throws as `resolveImage`.
 */
export async function lonePlatform(
  { descriptor, bytes }: TopDocument,
  content: ImageContent,
  limits: Limits,
): Promise<Platform | undefined> {
  const document = parseImageDocument(bytes, descriptor.mediaType, limits);
  if (document.kind === 'index') return undefined;
  const { config } = document.manifest;
  checkLimit(limits, 'configBytes', config.size, `size of the image config ${config.digest}`);
  const configBytes = await content.config(config);
  checkBytes(config, configBytes);
  const { os, architecture, variant } = parseImageConfig(configBytes, limits);
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
