import type { Healthcheck } from '../image/image.ts';

/** The command of an image's Healthcheck, to run inside the container; undefined when it has none or says NONE. */
export function healthCommand(healthcheck: Healthcheck | undefined): string[] | undefined {
  const [kind, ...words] = healthcheck?.test ?? [];
  if (kind === 'CMD' && words.length > 0) return words;
  if (kind === 'CMD-SHELL' && words[0] !== undefined) return ['/bin/sh', '-c', words[0]];
  return undefined;
}
