import { BerthError } from '../../errors.ts';
import { baseName, instanceOf, type ServiceName } from '../../service-name.ts';
import { unescapeUnitName } from '../../systemd/unit-escape.ts';

/** systemd.unit(5), "Specifiers": those of a system service that do not depend on the host. */
const DIRECTORIES: Record<string, string> = {
  '%C': '/var/cache',
  '%E': '/etc',
  '%h': '/root',
  '%L': '/var/log',
  '%S': '/var/lib',
  '%t': '/run',
  '%T': '/tmp',
  '%u': 'root',
  '%U': '0',
  '%V': '/var/tmp',
  '%%': '%',
};

/** A value with its specifiers put in: nothing does so later. What is none, as in 50%, stays. Throws `unit-invalid` for one that only the host knows. */
export function expandSpecifiers(value: string, name: ServiceName): string {
  const instance = instanceOf(name) ?? '';
  const own: Record<string, string> = {
    '%i': instance,
    '%I': unescapeUnitName(instance),
    '%p': baseName(name),
    '%N': name,
    '%n': `${name}.service`,
  };
  return value.replace(/%[a-zA-Z%]/g, (specifier) => {
    const text = own[specifier] ?? DIRECTORIES[specifier];
    if (text !== undefined) return text;
    throw new BerthError(
      'unit-invalid',
      `the specifier ${specifier} is not known before the service starts`,
      {
        hint: 'write what it stands for',
      },
    );
  });
}
