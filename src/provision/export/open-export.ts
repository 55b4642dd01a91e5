import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { type Bundle, type OpenOptions, openBundle } from '../../transport/bundle/open-bundle.ts';
import type { DeclaredService } from '../declared-service.ts';
import { readHost } from '../read-host.ts';
import { HOST_FILE } from './export-services.ts';

/** A bundle that says itself which services are made of its images. To be closed. */
export interface OpenExport {
  bundle: Bundle;
  services: DeclaredService[];
}

/**
 * Opens what `exportServices` wrote. Its host.yaml sees no variables of the environment. Throws `archive-invalid` for
 * a bundle without services, `host-invalid`, and what `openBundle` throws.
 */
export async function openExport(path: string, paths: Paths, options: OpenOptions): Promise<OpenExport> {
  const bundle = await openBundle(path, options);
  try {
    const text = await bundle.file(HOST_FILE);
    if (text === undefined) {
      throw new BerthError('archive-invalid', `no services to import: ${path}: it has images alone`, {
        hint: `berth install --from ${path} ${bundle.images[0]?.name ?? 'IMAGE'}`,
      });
    }
    const { services } = await readHost({ text, file: `${path}:${HOST_FILE}` }, { env: {}, paths });
    return { bundle, services };
  } catch (error) {
    await bundle.close();
    throw error;
  }
}
