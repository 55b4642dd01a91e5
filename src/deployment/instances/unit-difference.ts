import { isDeepStrictEqual } from 'node:util';
import { BerthError } from '../../errors.ts';
import { baseName, type ServiceName } from '../../service-name.ts';
import { parseUnitFile, type UnitFile } from '../../systemd/unit-file.ts';
import type { UnitAddition } from '../render/unit-additions.ts';
import { unitFileName } from './unit-template.ts';

// A drop-in replaces the values of these by its own (systemd.exec(5), systemd.service(5)): the last one counts.
const SINGLE =
  /^(?:Description|Type|PIDFile|WorkingDirectory|User|Group|UMask|Nice|(?:OOM|CPU|Memory|Tasks|Limit|Timeout|Kill|Watchdog|Syslog|StartLimit)[A-Za-z]+|AllowedCPUs|IOWeight|Restart(?:Sec)?|RuntimeMaxSec)$/;
// Of these it does so after an empty assignment.
const LIST =
  /^(?:Exec[A-Za-z]+|Environment|EnvironmentFile|PassEnvironment|UnsetEnvironment|Documentation|SupplementaryGroups|[A-Za-z]+Paths|DeviceAllow|(?:Runtime|State|Cache|Logs|Configuration)Directory)$/;

/**
 * The directives that make an instance's unit out of the template that it shares with others: none where
 * they are the same. Throws `unit-conflict` for a difference that no drop-in can make, in dependencies
 * above all.
 */
export function unitDifference(template: string, unit: string, name: ServiceName): UnitAddition[] {
  const file = unitFileName(name);
  const shared = directivesOf(parseUnitFile(template, file));
  const own = directivesOf(parseUnitFile(unit, file));
  return [...new Map([...shared, ...own])].flatMap(([place, { section, key }]) => {
    const values = own.get(place)?.values ?? [];
    if (isDeepStrictEqual(shared.get(place)?.values, values)) return [];
    return replacement(section, key, values) ?? refuse(name, section, key);
  });
}

interface Directive {
  section: string;
  key: string;
  values: string[];
}

/** All that a unit says, under the name of each directive. */
function directivesOf({ entries }: UnitFile): Map<string, Directive> {
  const directives = new Map<string, Directive>();
  for (const { section, key, value } of entries) {
    const place = `[${section}] ${key}`;
    const before = directives.get(place)?.values ?? [];
    directives.set(place, { section, key, values: [...before, value] });
  }
  return directives;
}

function replacement(section: string, key: string, values: string[]): UnitAddition[] | undefined {
  if (section !== 'Unit' && section !== 'Service') return undefined;
  const lines = values.map((value) => ({ section, key, value }) as const);
  if (LIST.test(key)) return [{ section, key, value: '' }, ...lines];
  return SINGLE.test(key) && values.length > 0 ? lines : undefined;
}

function refuse(name: ServiceName, section: string, key: string): never {
  throw new BerthError(
    'unit-conflict',
    `cannot install ${name}: its unit and ${unitFileName(name)} of other instances differ in ${key}= of [${section}], which a drop-in cannot change`,
    { hint: `make it a service of its own, such as --name ${baseName(name)}-2` },
  );
}
