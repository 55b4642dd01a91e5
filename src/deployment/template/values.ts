import { join } from 'node:path';
import { BerthError } from '../../errors.ts';
import { quote } from '../../reference/quote.ts';
import type { ServiceName } from '../../service-name.ts';

/** What templates see: the name of a variable and its text. A Map, because `__proto__` is a good name for a variable. */
export type Values = ReadonlyMap<string, string>;

/** Set by berth for each deployment; neither an image nor a person may set them. */
export const FORCED_VARIABLES: readonly string[] = [
  'DESTDIR',
  'NAME',
  'EXEC_START',
  'EXEC_STOP',
  'EXEC_STARTPRE',
  'EXEC_STOPPOST',
  'HOST_UID',
  'HOST_GID',
  'IMAGE_ID',
  'IMAGE_NAME',
];

/** Set by berth where neither the image nor the person does. */
export const OVERRIDABLE_VARIABLES: readonly string[] = [
  'RUN_DIRECTORY',
  'STATE_DIRECTORY',
  'CONF_DIRECTORY',
  'UUID',
  'PIDFILE',
  'RUNTIME',
  'ALL_PROCESS_CAPABILITIES',
];

// What Project Atomic's templates call an identifier (Python's string.Template).
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_VALUE = 64 * 1024;
// C0, DEL and C1: a line break would begin another directive, the rest can only hide something.
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Throws `value-invalid` unless templates can name a variable so. `where` says who wrote it. */
export function checkVariableName(name: string, where: string): void {
  if (!NAME.test(name)) {
    throw new BerthError('value-invalid', `not the name of a variable: ${where}: ${quote(name)}`, {
      hint: 'use letters, digits and "_", not beginning with a digit',
    });
  }
}

/** Throws `value-invalid` for a control character and for more than 64 KiB. `where` says who wrote it. */
export function checkValue(name: string, value: string, where: string): void {
  const refuse = (cause: string, hint?: string): never => {
    throw new BerthError(
      'value-invalid',
      `cannot use the value of ${name}: ${where}: ${cause}`,
      hint === undefined ? {} : { hint },
    );
  };
  const control = CONTROL.exec(value)?.[0].charCodeAt(0);
  if (control !== undefined) {
    const code = control.toString(16).toUpperCase().padStart(4, '0');
    refuse(
      `it has the control character U+${code}`,
      'write it on one line, with spaces for tabs and line breaks',
    );
  }
  if (!value.isWellFormed()) refuse('it is not well-formed Unicode');
  if (Buffer.byteLength(value) > MAX_VALUE) refuse('it is longer than 64 KiB');
}

/** One `--set NAME=VALUE`; an empty VALUE is a value. Throws `usage` or `value-invalid`. */
export function parseSetting(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new BerthError('usage', `not a setting: --set ${text}: NAME=VALUE is missing`, {
      hint: 'write it like --set PORT=8080',
    });
  }
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  checkSettable(name, value, '--set');
  return [name, value];
}

/** Checks one variable that a person sets. Throws `value-invalid`. */
export function checkSettable(name: string, value: string, where: string): void {
  checkVariableName(name, where);
  if (FORCED_VARIABLES.includes(name)) {
    throw new BerthError('value-invalid', `cannot set ${name}: ${where}: berth sets it for each deployment`);
  }
  checkValue(name, value, where);
}

/** What berth itself knows of a deployment before its unit's command lines. */
export interface DeploymentFacts {
  name: ServiceName;
  /** The deployment's directory as the installed system names it. */
  directory: string;
  imageName: string;
  imageId: string;
  /** Its own, unless the deployment before has one. */
  uuid: string;
  /** Absolute path of the OCI runtime. */
  runtime: string;
  /** Names such as CAP_CHOWN: all that the kernel has. */
  capabilities: readonly string[];
}

/**
 * The values of one deployment, without the commands of its unit (EXEC_…). The later counts: what
 * berth presets, the image's defaults, what the person set. `kept` are the values of the deployment
 * before, of which only the UUID lives on by itself.
 */
export function resolveValues(
  facts: DeploymentFacts,
  defaults: Values,
  settings: Values,
  kept: Values = new Map(),
): Map<string, string> {
  const values = new Map([
    ['RUN_DIRECTORY', '/run'],
    ['STATE_DIRECTORY', '/var/lib'],
    ['CONF_DIRECTORY', '/etc'],
    ['UUID', kept.get('UUID') ?? facts.uuid],
    ['RUNTIME', facts.runtime],
    // A fragment between the brackets of a JSON array.
    ['ALL_PROCESS_CAPABILITIES', facts.capabilities.map((name) => JSON.stringify(name)).join(', ')],
    ...defaults,
    ...settings,
  ]);
  if (!values.has('PIDFILE')) {
    values.set('PIDFILE', join(values.get('RUN_DIRECTORY') ?? '/run', `container-${facts.name}.pid`));
  }
  values.set('DESTDIR', facts.directory);
  values.set('NAME', facts.name);
  values.set('IMAGE_NAME', facts.imageName);
  values.set('IMAGE_ID', facts.imageId);
  values.set('HOST_UID', '0');
  values.set('HOST_GID', '0');
  return values;
}

/**
 * Throws `value-invalid` for a variable that a person set and that no template of the image takes:
 * a misspelt name would otherwise leave its default in force without a word.
 */
export function checkTaken(
  { name: service, image }: { name: ServiceName; image: { name: string } },
  names: Iterable<string>,
  taken: Iterable<string>,
): void {
  const settable = new Set(
    [...taken, ...OVERRIDABLE_VARIABLES].filter((name) => !FORCED_VARIABLES.includes(name)),
  );
  for (const name of names) {
    if (settable.has(name)) continue;
    throw new BerthError('value-invalid', `cannot set ${name}: ${service}: the image has no such variable`, {
      hint: `it takes ${[...settable].sort().join(', ')}: berth inspect --values ${image.name}`,
    });
  }
}
