import type { ImageConfig } from '../../image/image.ts';
import { deleteContainer, killContainer, runForeground, startDetached } from '../../runtime/command-line.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { parseStopSignal } from '../../runtime/stop-signal.ts';
import type { ServiceName } from '../../service-name.ts';
import { quoteExecLine } from '../../systemd/unit-quote.ts';
import type { ServiceCommands } from './render.ts';

export interface ServiceContainer {
  name: ServiceName;
  runtime: Runtime;
  image: { config: ImageConfig };
  /** As the installed system names it. */
  bundle: string;
  pidFile: string;
}

/**
 * The commands for a unit that an image ships. What may find nothing to do, because the container
 * ended by itself or never was, carries the "-" that lets systemd go on.
 */
export function serviceCommands(container: ServiceContainer, kind: { detached: boolean }): ServiceCommands {
  const signal = parseStopSignal(container.image.config.stopSignal);
  const remove = `-${quoteExecLine(deleteContainer(container))}`;
  return {
    start: quoteExecLine(kind.detached ? startDetached(container) : runForeground(container)),
    stop: `-${quoteExecLine(killContainer(container, String(signal.number)))}`,
    startPre: remove,
    stopPost: remove,
  };
}
