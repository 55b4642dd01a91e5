import type { ServiceName } from '../../service-name.ts';
import { renderAdditions } from '../render/unit-additions.ts';
import { unitDifference } from './unit-difference.ts';
import { generalizeUnit } from './unit-template.ts';

/** The unit of a service as files. */
export interface UnitTexts {
  service: string | undefined;
  /** 05-berth.conf: what makes the template that instances share this instance's unit; undefined for nothing. */
  instanceDropIn: string | undefined;
}

/**
 * Splits the unit of an instance into the template that it shares with others, `template` where they have
 * one already, and its own drop-in. A service that is no instance keeps its unit. Throws `unit-conflict`.
 */
export function shareUnit(
  service: string | undefined,
  name: ServiceName,
  template: string | undefined,
): UnitTexts {
  if (service === undefined) return { service, instanceDropIn: undefined };
  const own = generalizeUnit(service, name);
  if (template === undefined) return { service: own, instanceDropIn: undefined };
  return { service: template, instanceDropIn: renderAdditions(unitDifference(template, own, name)) };
}
