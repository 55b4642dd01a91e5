import { BerthError } from '../errors.ts';
import type { ServiceName } from '../service-name.ts';

declare const brand: unique symbol;

/** The full name of a unit, such as `web.service` or `web@a.service` (systemd.unit(5)). */
export type UnitName = string & { readonly [brand]: 'UnitName' };

/** The types of units that there are (systemd.unit(5)). */
export const UNIT_SUFFIXES = [
  'service',
  'socket',
  'target',
  'timer',
  'path',
  'mount',
  'automount',
  'swap',
  'device',
  'slice',
  'scope',
] as const;

export type UnitSuffix = (typeof UNIT_SUFFIXES)[number];

interface Parts {
  prefix: string;
  instance: string | undefined;
  suffix: UnitSuffix;
}

const PREFIX = /^[A-Za-z0-9:_.\\-]+$/;
const INSTANCE = /^[A-Za-z0-9:_.\\@-]*$/;
const MAX_LENGTH = 255;

/** Throws `unit-invalid` for what systemd would not take as a unit's name. */
export function parseUnitName(text: string): UnitName {
  if (split(text) === undefined) {
    throw new BerthError('unit-invalid', `not a unit name: ${JSON.stringify(text)}`, {
      hint: `a unit name ends in one of .${UNIT_SUFFIXES.join(', .')}`,
    });
  }
  return text as UnitName;
}

/** True for what systemd takes as a unit's name. */
export function isUnitName(text: string): boolean {
  return split(text) !== undefined;
}

/** The unit of a service that berth installs. */
export function serviceUnit(name: ServiceName): UnitName {
  return parseUnitName(`${name}.service`);
}

export function unitSuffix(unit: UnitName): UnitSuffix {
  return parts(unit).suffix;
}

/** What stands before "@" or, without one, before the suffix. */
export function unitPrefix(unit: UnitName): string {
  return parts(unit).prefix;
}

/** What stands between "@" and the suffix: empty for a template, undefined for a unit without "@". */
export function unitInstance(unit: UnitName): string | undefined {
  return parts(unit).instance;
}

export function isUnitTemplate(unit: UnitName): boolean {
  return parts(unit).instance === '';
}

/** `web@.service` for `web@a.service`; undefined for a unit that is no instance. */
export function unitTemplate(unit: UnitName): UnitName | undefined {
  const { prefix, instance, suffix } = parts(unit);
  return instance ? (`${prefix}@.${suffix}` as UnitName) : undefined;
}

/** `web@a.service` for the template `web@.service` and an instance that is escaped already. Throws `unit-invalid`. */
export function instantiate(template: UnitName, instance: string): UnitName {
  if (!isUnitTemplate(template) || instance === '') {
    throw new BerthError('unit-invalid', `cannot make an instance: ${template}: ${JSON.stringify(instance)}`);
  }
  return parseUnitName(`${unitPrefix(template)}@${instance}.${unitSuffix(template)}`);
}

function parts(unit: UnitName): Parts {
  const found = split(unit);
  if (found === undefined) throw new TypeError(`not a unit name: ${unit}`);
  return found;
}

function split(text: string): Parts | undefined {
  const dot = text.lastIndexOf('.');
  const suffix = UNIT_SUFFIXES.find((known) => known === text.slice(dot + 1));
  if (dot < 1 || suffix === undefined || text.length > MAX_LENGTH) return undefined;
  const stem = text.slice(0, dot);
  const at = stem.indexOf('@');
  const prefix = at === -1 ? stem : stem.slice(0, at);
  const instance = at === -1 ? undefined : stem.slice(at + 1);
  if (!PREFIX.test(prefix) || !INSTANCE.test(instance ?? '')) return undefined;
  return { prefix, instance, suffix };
}
