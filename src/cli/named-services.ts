import { notInstalled } from '../deployment/not-installed.ts';
import { type DeploymentRecord, listServices, readCurrentRecord } from '../deployment/record.ts';
import type { Paths } from '../paths.ts';
import { parseServiceName, type ServiceName } from '../service-name.ts';

/**
 * The services that a command line names, each once; all that are installed where it names none. Throws
 * `service-not-found` for the first that is not installed.
 */
export function namedServices(texts: readonly string[], paths: Paths): ServiceName[] {
  const installed = listServices(paths);
  if (texts.length === 0) return installed;
  const names = [...new Set(texts.map(namedService))];
  const unknown = names.find((name) => !installed.includes(name));
  if (unknown !== undefined) throw notInstalled(unknown, paths);
  return names;
}

/** The service that a word on a command line means; the name of its unit, `web.service`, means it, too. */
export function namedService(text: string): ServiceName {
  return parseServiceName(text.replace(/\.service$/, ''));
}

/** The live deployment of the service that a word means, where it may mean an image, too; undefined when it is no service. */
export function namedDeployment(text: string, paths: Paths): DeploymentRecord | undefined {
  const service = listServices(paths).find((each) => each === text.replace(/\.service$/, ''));
  return service === undefined ? undefined : readCurrentRecord(paths, service);
}
