import type { OwnUnits, OwnUnitTexts } from '../../deployment/own-units.ts';
import { renderOwnUnit } from '../../deployment/render-own-unit.ts';
import type { ServiceName } from '../../service-name.ts';
import { loadGraph } from '../../systemd/load-graph.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { serviceUnit } from '../../systemd/unit-name.ts';
import { quoteExecLine } from '../../systemd/unit-quote.ts';

const UNIT = 'berth-apply.service';
const PROVIDES = `${UNIT}.d/10-provides.conf`;

/** What applies host.yaml at boot. */
export const BOOT_APPLY: OwnUnits = { name: 'boot-apply', main: UNIT, files: [UNIT, PROVIDES] };

// A host without a declaration is none that failed to apply it.
const CONDITIONS = `ConditionPathExists=|/etc/berth/host.yaml
ConditionDirectoryNotEmpty=|/etc/berth/host.d
`;

/** `command` is that of the unit, absolute; `ofHost`: it applies the host's own files, where there are any. */
export function renderBootUnit(command: readonly string[], { ofHost }: { ofHost: boolean }): OwnUnitTexts {
  const values = { COMMAND: quoteExecLine(command), CONDITIONS: ofHost ? CONDITIONS : '' };
  return new Map([[UNIT, renderOwnUnit(UNIT, values)]]);
}

/**
 * The drop-in that orders the boot's apply before the services that it provides: a service that changes is
 * started but once. Sockets are open before that, and connections wait.
 */
export async function renderProvides(
  services: readonly ServiceName[],
  systemd: Pick<Systemd, 'links'>,
): Promise<OwnUnitTexts> {
  // What the apply itself waits for, as every service does, cannot wait for it.
  const graph = await loadGraph(systemd, ['basic.target']);
  const earlier = graph.reach('basic.target', 'After');
  const units = services.map((name) => serviceUnit(name)).filter((unit) => !earlier.includes(unit));
  return new Map([[PROVIDES, `# Made by berth apply.\n[Unit]\nBefore=${units.sort().join(' ')}\n`]]);
}
