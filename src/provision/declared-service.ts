import type { Dependencies } from '../deployment/dependencies.ts';
import type { SocketRequest } from '../deployment/sockets/socket-request.ts';
import type { HostMount } from '../runtime/host-mounts.ts';
import type { ServiceName } from '../service-name.ts';

/** Where in which file something was declared; lines and columns count from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** One service that host.yaml declares: checked, complete, and merged from all its files. */
export interface DeclaredService {
  /** An instance is a declared service of its own: `web@a`. */
  name: ServiceName;
  /** The image as it was written. */
  image: string;
  values: Record<string, string>;
  enabled: boolean;
  /** Whether it shall run once host.yaml is applied. */
  started: boolean;
  sockets: SocketRequest | null;
  dependencies: Dependencies;
  /** `pinned`: `apply` never asks for a newer image of the same name, and the automatic update leaves it alone. */
  update: 'auto' | 'apply' | 'pinned';
  mounts: HostMount[];
  /** Directives of systemd.resource-control(5) and systemd.exec(5) for the unit’s section [Service]. */
  resources: Record<string, string>;
  position: Position;
}
