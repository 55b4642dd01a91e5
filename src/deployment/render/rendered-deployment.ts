import type { ImageConfig } from '../../image/image.ts';
import type { Paths } from '../../paths.ts';
import type { OciConfig } from '../../runtime/oci-config.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ServiceName } from '../../service-name.ts';
import type { Dependencies } from '../dependencies.ts';
import type { HostFile } from '../exports/host-files.ts';
import type { ServiceRequest } from '../service-request.ts';
import type { Values } from '../template/values.ts';

/** The values of the deployment before: all of them, and those that a person set. */
export interface KeptValues {
  values: Values;
  settings: Values;
}

export interface DeploymentInput extends ServiceRequest {
  paths: Paths;
  name: ServiceName;
  /** The image's checkout, where it is now. */
  checkout: string;
  /** The root file system that it runs on instead, as the installed system names it. */
  rootfs?: string | undefined;
  image: { name: string; id: string; config: ImageConfig };
  runtime: Runtime;
  /** What stands from the deployment before; undefined for the first. */
  kept?: KeptValues | undefined;
  /** Seconds that a readiness command may delay a start; `READINESS_LIMIT` when undefined. */
  readinessLimit?: number | undefined;
}

/** What a deployment consists of beside its checkout. Undefined: it has none. */
export interface RenderedDeployment {
  values: Map<string, string>;
  service: string | undefined;
  /** 10-berth.conf: all that berth adds to the unit, so that an image's unit stays as shipped. */
  dropIn: string | undefined;
  /** 50-berth.conf: what the person said of other units. */
  userDropIn: string | undefined;
  /** 60-host.conf: directives that the person wants in the unit. */
  resourceDropIn: string | undefined;
  /** What the image's manifest says of other units; it is in `dropIn`. */
  imageDependencies: Dependencies;
  socket: string | undefined;
  /** NAME-proxy.service, which has the sockets in the service's place. */
  proxy: string | undefined;
  tmpfiles: string | undefined;
  sysusers: string | undefined;
  config: OciConfig | undefined;
  /** Shell scripts that the units run, by their names in the deployment. */
  scripts: Readonly<Record<string, string>>;
  hostFiles: readonly HostFile[];
  /** The content of host files that are templates, by target. */
  hostFileTexts: ReadonlyMap<string, string>;
  warnings: string[];
}

/** Units name the deployment through `current`, so that they stay the same from one to the next. */
export function bundleOf({ paths, name }: DeploymentInput): string {
  return paths.installed.current(name);
}
