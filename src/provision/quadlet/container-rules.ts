import { parseImageReference } from '../../reference/image-reference.ts';
import { addCapabilities, dropCapabilities, EXPORTS } from './capabilities.ts';
import type { Draft } from './draft.ts';
import { type Finding, otherwise, refused } from './finding.ts';
import { readMemory, readPidsLimit, readUlimit } from './limits.ts';
import { readMount, readTmpfs, readVolume } from './mounts.ts';
import { readPublishPort } from './ports.ts';
import {
  byDropIn,
  needless,
  notTaken,
  type Rule,
  taken,
  takenAll,
  takenAsIs,
  takenOtherwise,
} from './rule.ts';

const YES = /^(?:1|yes|y|true|t|on)$/i;
const NO = /^(?:0|no|n|false|f|off)$/i;

const REBUILD = 'build an image FROM this one that says it';

const ofImage = (what: string) => notTaken(`the image’s own ${what} counts`, REBUILD);
const ofConfig = (why: string) => notTaken(why, EXPORTS);
const health = ofImage('Healthcheck');
const healthLog = notTaken(
  'what a readiness command says is in the journal',
  'read it with journalctl --unit',
);
const hostNames = notTaken('services see /etc/hosts and /etc/resolv.conf of the host', 'set it there');
const address = notTaken(
  'services are on the network of the host',
  'set where it listens in the service’s own settings',
);
const userNamespace = notTaken(
  'services have no user namespace of their own',
  'have the image name another user than root',
);
const selinux = byDropIn('Service', 'SELinuxContext=');
const ofPodman = notTaken('nothing of Podman runs', 'write what is meant in keys of its own');
const ofProc = ofConfig('the usual files of /proc and /sys are hidden');

/** The keys of [Container] (podman-container.unit(5)). */
export const CONTAINER_RULES: Readonly<Record<string, Rule>> = {
  AddCapability: takenAll(addCapabilities),
  AddDevice: ofConfig('services see no devices'),
  AddHost: hostNames,
  Annotation: needless('nothing here reads annotations of containers'),
  AppArmor: byDropIn('Service', 'AppArmorProfile='),
  AutoUpdate: taken(readAutoUpdate),
  CgroupsMode: takenAsIs(
    /^split$/,
    'a container is in the control group of its unit',
    'set Slice= below [Service]',
  ),
  ContainerName: takenOtherwise(readContainerName),
  ContainersConfModule: ofPodman,
  DNS: hostNames,
  DNSOption: hostNames,
  DNSSearch: hostNames,
  DropCapability: takenAll(dropCapabilities),
  Entrypoint: ofImage('Entrypoint'),
  Environment: ofImage('Env'),
  EnvironmentFile: notTaken(
    'the image’s own Env counts',
    `${REBUILD}, or mount the file for the program to read`,
  ),
  EnvironmentHost: takenAsIs(NO, 'the environment of the host reaches no service', REBUILD),
  Exec: ofImage('Cmd'),
  ExposeHostPort: needless('services are on the network of the host, with all its ports'),
  GIDMap: userNamespace,
  GlobalArgs: ofPodman,
  Group: ofImage('User'),
  GroupAdd: ofImage('User'),
  HealthCmd: health,
  HealthInterval: health,
  HealthLogDestination: healthLog,
  HealthMaxLogCount: healthLog,
  HealthMaxLogSize: healthLog,
  HealthOnFailure: notTaken(
    'health is asked for while a service starts, not later',
    'have the program end when it is broken: systemd starts it again',
  ),
  HealthRetries: health,
  HealthStartPeriod: health,
  HealthStartupCmd: health,
  HealthStartupInterval: health,
  HealthStartupRetries: health,
  HealthStartupSuccess: health,
  HealthStartupTimeout: health,
  HealthTimeout: health,
  HostName: ofConfig('services have the name of the host'),
  HttpProxy: takenAsIs(NO, 'the environment of the host reaches no service', REBUILD),
  IP: address,
  IP6: address,
  Image: taken(readImage),
  ImageVolume: taken(readImageVolume),
  Label: needless('nothing here reads labels of containers'),
  LogDriver: takenAsIs(
    /^(?:journald|passthrough)$/,
    'all output goes to the journal',
    'set StandardOutput= in a drop-in',
  ),
  LogOpt: notTaken(
    'all output goes to the journal',
    'set SyslogIdentifier= or LogRateLimitBurst= in a drop-in',
  ),
  Mask: ofProc,
  Memory: taken(readMemory),
  Mount: takenAll(readMount),
  Network: takenAll(readNetwork),
  NetworkAlias: address,
  NoNewPrivileges: takenAsIs(YES, 'no service can gain privileges', EXPORTS),
  Notify: taken(readNotify),
  PidsLimit: taken(readPidsLimit),
  Pod: notTaken('there are no pods', 'leave it out: all services are on one network, and After= orders them'),
  PodmanArgs: ofPodman,
  PublishPort: takenAll(readPublishPort),
  Pull: taken(readPull),
  ReadOnly: takenAsIs(YES, 'the root file system is read-only', 'mount a directory where the service writes'),
  ReadOnlyTmpfs: takenAsIs(
    YES,
    '/tmp, /run and /dev/shm are in memory',
    'mount directories of the host there',
  ),
  ReloadCmd: byDropIn('Service', 'ExecReload='),
  ReloadSignal: byDropIn('Service', 'ExecReload=kill -s SIGNAL $MAINPID'),
  Retry: needless('berth tries again by itself'),
  RetryDelay: needless('berth tries again by itself'),
  Rootfs: notTaken('host.yaml declares images', 'install it: berth install --rootfs DIR -- COMMAND'),
  RunInit: takenAsIs(
    NO,
    'the program itself is the first process',
    'put an init such as tini into the image',
  ),
  SeccompProfile: ofConfig('services have berth’s seccomp profile'),
  Secret: notTaken('there are no secrets of Podman', 'mount a file that root alone can read'),
  SecurityLabelDisable: selinux,
  SecurityLabelFileType: selinux,
  SecurityLabelLevel: selinux,
  SecurityLabelNested: selinux,
  SecurityLabelType: selinux,
  ServiceName: taken(() => undefined),
  ShmSize: ofConfig('/dev/shm has 64 MiB'),
  StartWithPod: notTaken('there are no pods', 'leave it out'),
  StopSignal: byDropIn('Service', 'KillSignal='),
  StopTimeout: byDropIn('Service', 'TimeoutStopSec='),
  SubGIDMap: userNamespace,
  SubUIDMap: userNamespace,
  Sysctl: notTaken(
    'services share the network and the kernel’s settings of the host',
    'write it into /etc/sysctl.d',
  ),
  Timezone: takenOtherwise(readTimezone),
  Tmpfs: takenAll(readTmpfs),
  UIDMap: userNamespace,
  Ulimit: takenAll(readUlimit),
  Unmask: ofProc,
  User: ofImage('User'),
  UserNS: takenAsIs(
    /^host$/,
    'services have no user namespace of their own',
    'have the image name another user than root',
  ),
  Volume: takenAll(readVolume),
  WorkingDir: ofImage('WorkingDir'),
};

/** Throws `reference-invalid`. */
function readImage(value: string, draft: Draft): Finding | undefined {
  const kind = /\.(image|build)$/.exec(value)?.[1];
  if (kind !== undefined)
    return refused(`a .${kind} file is none that can be imported`, 'write the image itself there');
  parseImageReference(value);
  draft.image = value;
  if (!value.startsWith('localhost/')) return undefined;
  return refused(
    'images called localhost/… are in Podman’s own store',
    `podman save --format oci-archive --output IMAGE.tar ${value}, and write oci-archive:/PATH/IMAGE.tar`,
  );
}

function readAutoUpdate(value: string, draft: Draft): Finding | undefined {
  if (value !== 'registry') {
    return refused(
      `${value} is not where an update comes from`,
      'berth apply asks the registry, and so does berth update',
    );
  }
  draft.update = 'auto';
  return undefined;
}

function readPull(value: string, draft: Draft): Finding | undefined {
  if (value === 'always' || value === 'newer') return undefined;
  if (value !== 'missing' && value !== 'never')
    return refused('not known', 'write always, newer, missing or never');
  if (draft.update !== 'auto') draft.update = 'pinned';
  return otherwise(
    'berth apply does not ask for a newer image; nothing is ever pulled when a service starts',
  );
}

function readImageVolume(value: string, { name }: Draft): Finding | undefined {
  if (value === 'bind' || value === 'anonymous')
    return otherwise(`the volumes of the image are kept below /var/lib/${name}`);
  return refused(`the volumes of the image are kept below /var/lib/${name}`, 'build an image without them');
}

function readContainerName(value: string, { name }: Draft): Finding | undefined {
  return value === name
    ? undefined
    : otherwise('the container is called as its service is: ServiceName= says both');
}

function readNetwork(value: string, { resources }: Draft): Finding | undefined {
  if (value === 'host') return undefined;
  if (value !== 'none')
    return refused('services are on the network of the host', 'leave it out, and look at what listens');
  resources['IPAddressDeny'] = 'any';
  return otherwise(
    'the service is on the network of the host, and can send nothing there: IPAddressDeny=any',
  );
}

function readNotify(value: string): Finding | undefined {
  if (NO.test(value)) return undefined;
  if (value === 'healthy')
    return otherwise('a service whose image has a Healthcheck is started when that succeeds');
  return refused(
    'the image says whether its program notifies',
    'give it the label io.containers.sdnotify=container',
  );
}

function readTimezone(value: string, { mounts }: Draft): Finding | undefined {
  const source = value === 'local' ? '/etc/localtime' : `/usr/share/zoneinfo/${value}`;
  mounts.push({ source, destination: '/etc/localtime', readOnly: true });
  return otherwise(`${source} of the host is mounted at /etc/localtime`);
}
