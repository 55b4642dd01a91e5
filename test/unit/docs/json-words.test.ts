import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeOutcome } from '../../../src/cli/change-outcome.ts';
import type { Span } from '../../../src/deployment/boot-timeline.ts';
import type { ServiceEvent } from '../../../src/deployment/events/read-events.ts';
import type { HistoryEntry } from '../../../src/deployment/list-history.ts';
import type { Origin } from '../../../src/deployment/origin.ts';
import type { FileChange } from '../../../src/deployment/plan/change-files.ts';
import type { PlannedStep } from '../../../src/deployment/plan/describe-plan.ts';
import type { FindingState } from '../../../src/doctor/check.ts';
import type { ImageFileChange } from '../../../src/layer/compare-images.ts';
import type { Package } from '../../../src/layer/packages/package.ts';
import type { ListeningSocket } from '../../../src/linux/listening-sockets.ts';
import type { Action } from '../../../src/provision/apply/outcome.ts';
import type { DeclaredService } from '../../../src/provision/declared-service.ts';
import type { Finding } from '../../../src/provision/quadlet/finding.ts';
import type { LinkKind } from '../../../src/systemd/unit-links.ts';
import { knownParts } from '../../schemas/parts.ts';

/** All words of a type: with `satisfies`, one that is missing here and one too many are errors of types. */
type Words<Word extends string> = Record<Word, 1>;

const WORDS: Record<string, Record<string, 1>> = {
  'applied.services[].action': {
    ...{ install: 1, update: 1, reconfigure: 1, start: 1, stop: 1, remove: 1 },
    ...{ unchanged: 1, skip: 1, failed: 1 },
  } satisfies Words<Action>,
  'boot.rows[].spans[].state': { activating: 1, active: 1, deactivating: 1, failed: 1 } satisfies Words<
    Span['state']
  >,
  'changes.services[].files[].change': {
    added: 1,
    changed: 1,
    removed: 1,
    kept: 1,
    saved: 1,
  } satisfies Words<FileChange['change']>,
  'changes.services[].status': {
    planned: 1,
    updated: 1,
    'rolled-back': 1,
    'up-to-date': 1,
    skipped: 1,
    failed: 1,
  } satisfies Words<ChangeOutcome['status']>,
  'declaredService.update': { auto: 1, apply: 1, pinned: 1 } satisfies Words<DeclaredService['update']>,
  'diff.files[].change': { added: 1, removed: 1, changed: 1 } satisfies Words<ImageFileChange['change']>,
  'diff.files[].differences[]': {
    ...{ type: 1, content: 1, target: 1, device: 1, mode: 1, owner: 1 },
    ...{ xattrs: 1 },
  } satisfies Words<ImageFileChange['differences'][number]>,
  'diff.files[].type': { file: 1, directory: 1, symlink: 1, fifo: 1, character: 1, block: 1 } satisfies Words<
    ImageFileChange['type']
  >,
  'diff.packages[].manager': { apk: 1, dpkg: 1, rpm: 1 } satisfies Words<Package['manager']>,
  'doctor.findings[].state': { ok: 1, warning: 1, problem: 1, unseen: 1 } satisfies Words<FindingState>,
  'events.source': { berth: 1, systemd: 1 } satisfies Words<ServiceEvent['source']>,
  'history[].state': { current: 1, previous: 1, kept: 1, failed: 1 } satisfies Words<HistoryEntry['state']>,
  'import-quadlet[].findings[].verdict': { otherwise: 1, refused: 1 } satisfies Words<Finding['verdict']>,
  'ports[].protocol': { tcp: 1, udp: 1, unix: 1 } satisfies Words<ListeningSocket['protocol']>,
  'service.origin': { host: 1, vendor: 1, override: 1 } satisfies Words<Origin['origin']>,
  'services.edges[].kind': {
    After: 1,
    Requires: 1,
    Requisite: 1,
    BindsTo: 1,
    Wants: 1,
    PartOf: 1,
  } satisfies Words<LinkKind>,
  'step.kind': {
    ...{ deployment: 1, current: 1, directory: 1, file: 1, symlink: 1, replace: 1 },
    ...{ tag: 1, sysusers: 1, tmpfiles: 1, reload: 1, enable: 1, start: 1 },
    ...{ restart: 1, watch: 1, stop: 1, disable: 1, 'tmpfiles-remove': 1, remove: 1 },
    ...{ save: 1, 'remove-directory': 1, drop: 1, purge: 1, retire: 1, history: 1 },
  } satisfies Words<Exclude<PlannedStep['kind'], 'resume'>>,
};

test('what may stand in what --json prints is what the types of berth allow', () => {
  const parts = knownParts();
  for (const [path, words] of Object.entries(WORDS)) {
    assert.deepEqual(parts.get(path)?.enum?.toSorted(), Object.keys(words).sort(), path);
  }
});
