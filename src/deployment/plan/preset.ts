import type { DeploymentRecord } from '../record.ts';
import { mainUnit } from '../record.ts';

/**
 * The systemd.preset(5) line by which the first boot of a system whose /etc starts empty enables a service, or
 * does not; undefined for an image without a service. Links below /usr would start it, too, but then
 * `systemctl` calls it disabled, and `systemctl disable` does nothing.
 */
export function renderPreset(units: DeploymentRecord['units'], enable: boolean): string | undefined {
  const main = mainUnit({ units });
  return main && `${enable ? 'enable' : 'disable'} ${main}\n`;
}
