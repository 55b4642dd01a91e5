import type { WrittenService } from '../provision/format-host.ts';

/** A service as host.yaml declares it, for `--json`: what all of it calls `service` is the name of one. */
export function describeDeclared({ name: service, ...declared }: WrittenService) {
  return { service, ...declared };
}
