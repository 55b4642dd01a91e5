import type { ServiceName } from '../../service-name.ts';
import type { WrittenService } from '../format-host.ts';

/** A service while the keys of its file are read, one after the other. */
export interface Draft extends Omit<WrittenService, 'image'> {
  image: string | undefined;
  /** Absolute: what relative paths are relative to. */
  directory: string;
}

/** What Podman makes of a file that says nothing. Nothing starts it but who calls it. */
export function emptyDraft(name: ServiceName, directory: string): Draft {
  return {
    name,
    image: undefined,
    values: {},
    enabled: false,
    started: false,
    sockets: null,
    dependencies: { requires: [], after: [], before: [] },
    update: 'apply',
    mounts: [],
    resources: {},
    directory,
  };
}
