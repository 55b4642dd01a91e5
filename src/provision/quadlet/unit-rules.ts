import { parseDependencies } from '../../deployment/dependencies.ts';
import { splitWords } from '../../systemd/split-words.ts';
import { CONTAINER_RULES } from './container-rules.ts';
import type { Draft } from './draft.ts';
import { type Finding, otherwise, refused } from './finding.ts';
import { resourceRule } from './resource-rule.ts';
import { byDropIn, notTaken, type Rule, taken, takenAll, takenAsIs, takenOtherwise } from './rule.ts';

const BY_BERTH = notTaken('berth’s unit says it, and a container needs it so', 'leave it out');

const UNIT_RULES: Readonly<Record<string, Rule>> = {
  After: takenAll((value, draft) => depend('after', value, draft)),
  Before: takenAll((value, draft) => depend('before', value, draft)),
  Requires: takenAll((value, draft) => depend('requires', value, draft)),
  BindsTo: takenOtherwise(
    (value, draft) => depend('requires', value, draft) ?? otherwise('Requires= and After= stand for it'),
  ),
};

const SERVICE_RULES: Readonly<Record<string, Rule>> = {
  Delegate: BY_BERTH,
  ExecStart: BY_BERTH,
  ExecStop: BY_BERTH,
  GuessMainPID: BY_BERTH,
  KillMode: BY_BERTH,
  NotifyAccess: BY_BERTH,
  PIDFile: BY_BERTH,
  RemainAfterExit: BY_BERTH,
  Restart: taken(readRestart),
  Type: takenAsIs(
    /^notify$/,
    'berth’s unit says it',
    'leave it out: what runs once and ends is no service here',
  ),
};

const INSTALL_RULES: Readonly<Record<string, Rule>> = {
  Alias: notTaken('a service has one name', 'set ServiceName= below [Container]'),
  DefaultInstance: taken(() => undefined),
  RequiredBy: taken(enable),
  UpheldBy: taken(enable),
  WantedBy: taken(enable),
};

const OWN_RULES: Readonly<Record<string, Rule>> = {
  DefaultDependencies: takenAsIs(
    /^(?:0|no|n|false|f|off)$/i,
    'nothing waits for network-online.target by itself',
    'add After=network-online.target below [Unit]',
  ),
};

/** All keys that have a rule of their own, by section. */
export const QUADLET_RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  Container: CONTAINER_RULES,
  Unit: UNIT_RULES,
  Service: SERVICE_RULES,
  Install: INSTALL_RULES,
  Quadlet: OWN_RULES,
};

/** What is done about any key of a `.container` file. */
export function ruleFor(section: string, key: string): Rule {
  const rules = Object.hasOwn(QUADLET_RULES, section) ? QUADLET_RULES[section] : undefined;
  const rule = rules !== undefined && Object.hasOwn(rules, key) ? rules[key] : undefined;
  if (rule !== undefined) return rule;
  const resource = section === 'Service' ? resourceRule(key) : undefined;
  if (resource !== undefined) return resource;
  if (section === 'Unit' || section === 'Service') return byDropIn(section, `${key}=`);
  return rules === undefined
    ? notTaken(`no section of a .container file: [${section}]`, 'leave it out')
    : notTaken('not a key of Podman’s that is known', 'look for it in podman-container.unit(5)');
}

/** Names of units, of which those of `.container` files become those of their services. Throws `unit-invalid`. */
function depend(kind: 'after' | 'before' | 'requires', value: string, draft: Draft): Finding | undefined {
  const words = splitWords(value);
  const strange = words.filter((word) => /\.(?:volume|network|pod|kube|image|build|artifact)$/.test(word));
  const units = words
    .filter((word) => !strange.includes(word))
    .map((word) => word.replace(/\.container$/, '.service'));
  const none = { requires: [], after: [], before: [] };
  draft.dependencies[kind].push(...parseDependencies({ ...none, [kind]: units })[kind]);
  return strange.length === 0
    ? undefined
    : refused(`there are no units ${strange.join(', ')}`, 'leave them out');
}

function readRestart(value: string, draft: Draft): Finding | undefined {
  return value === 'on-failure' ? undefined : byDropIn('Service', `Restart=${value}`).read(value, draft);
}

function enable(value: string, draft: Draft): Finding | undefined {
  draft.enabled = true;
  draft.started = true;
  if (splitWords(value).every((target) => target === 'multi-user.target' || target === 'default.target')) {
    return undefined;
  }
  return otherwise(
    'the service starts at boot, with what its image’s unit names: multi-user.target, if none',
  );
}
