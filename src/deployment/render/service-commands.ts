import type { ImageConfig } from '../../image/image.ts';
import {
  deleteContainer,
  killContainer,
  runForeground,
  startDetached,
  withoutLeftover,
} from '../../runtime/command-line.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { parseStopSignal } from '../../runtime/stop-signal.ts';
import type { ServiceName } from '../../service-name.ts';
import { quoteExecLine } from '../../systemd/unit-quote.ts';
import { isNotifyType } from './readiness.ts';
import { scriptCommand } from './readiness-scripts.ts';
import type { ServiceCommands } from './render.ts';
import type { ServiceKind } from './render-unit.ts';

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
export function serviceCommands(container: ServiceContainer, kind: ServiceKind): ServiceCommands {
  const signal = parseStopSignal(container.image.config.stopSignal);
  return {
    start: quoteExecLine(startCommand(container, kind)),
    stop: `-${quoteExecLine(killContainer(container, String(signal.number)))}`,
    startPre: `-${quoteExecLine(withoutLeftover(container))}`,
    stopPost: `-${quoteExecLine(deleteContainer(container))}`,
  };
}

function startCommand(container: ServiceContainer, { type, detached }: ServiceKind): string[] {
  if (isNotifyType(type)) return scriptCommand(container.bundle, 'start');
  return detached ? startDetached(container) : runForeground(container);
}
