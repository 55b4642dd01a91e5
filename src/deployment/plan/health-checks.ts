import type { ImageConfig } from '../../image/image.ts';
import { execInContainer } from '../../runtime/command-line.ts';
import { healthCommand } from '../../runtime/health-command.ts';
import type { DeploymentRecord } from '../record.ts';
import type { HealthCheck } from './plan.ts';

// Docker's, for what an image leaves out.
const TIMEOUT = 30;
const RETRIES = 3;

/** Seconds. Docker asks every 30: too seldom for who waits for the end of an update. */
const LONGEST_INTERVAL = 5;

/** How to see whether a service is well: by the Healthcheck of its image, if it runs a container. */
export function healthChecks(
  { service, units, runtime, bundle }: DeploymentRecord,
  { healthcheck }: Pick<ImageConfig, 'healthcheck'>,
): HealthCheck[] {
  const command = healthCommand(healthcheck);
  const [unit] = units;
  if (command === undefined || unit === undefined || !bundle.some(({ path }) => path === 'config.json')) {
    return [];
  }
  const container = { runtime: { path: runtime, name: '' }, name: service };
  return [
    {
      unit,
      argv: execInContainer(container, command),
      timeout: seconds(healthcheck?.timeout) || TIMEOUT,
      interval: Math.min(seconds(healthcheck?.interval) || LONGEST_INTERVAL, LONGEST_INTERVAL),
      retries: healthcheck?.retries || RETRIES,
      startPeriod: seconds(healthcheck?.startPeriod),
    },
  ];
}

function seconds(nanoseconds = 0): number {
  return nanoseconds / 1e9;
}
