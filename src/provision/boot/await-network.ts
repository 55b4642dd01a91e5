import { BerthError } from '../../errors.ts';
import { loadGraph } from '../../systemd/load-graph.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { untilAborted } from '../../until-aborted.ts';
import { BOOT_APPLY } from './boot-units.ts';

const ONLINE = 'network-online.target';

/** Milliseconds. What brings the network up waits for two minutes itself (systemd-networkd-wait-online(8)). */
const PATIENCE = 150_000;

/**
 * Waits until the network is up, where systemd says so, while the system boots. Without it, a registry is asked
 * all the same: it may be on this host. Throws `interrupted`.
 */
export async function awaitNetwork(
  systemd: Systemd,
  { signal, warn }: { signal: AbortSignal; warn(text: string): void },
): Promise<void> {
  const graph = await loadGraph(systemd, [ONLINE]);
  // A service that makes the network waits for the apply, which must not wait for it in turn.
  if (graph.reach(ONLINE, 'After').includes(BOOT_APPLY.main)) return;
  try {
    await untilAborted(systemd.start(ONLINE), AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]));
  } catch (cause) {
    if (signal.aborted) throw new BerthError('interrupted', `interrupted: waiting for ${ONLINE}`, { cause });
    warn(`the network may not be up: ${ONLINE} was not reached`);
  }
}
