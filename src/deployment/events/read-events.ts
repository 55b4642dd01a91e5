import type { ServiceName } from '../../service-name.ts';
import { type JournalSpan, readFields } from '../../systemd/follow-journal.ts';
import { messageText } from '../../systemd/journal.ts';
import { serviceUnit } from '../../systemd/unit-name.ts';
import { CHANGE_MESSAGE } from './change-log.ts';

/** Something that berth or systemd did to a service. */
export interface ServiceEvent {
  /** RFC 3339, UTC, with microseconds. */
  time: string;
  source: 'berth' | 'systemd';
  /** Null for a change that is not about one service. */
  service: string | null;
  /** Of berth: install, update, values, rollback, uninstall, recover, change. Of systemd: see `SYSTEMD`. */
  action: string;
  /** False for what failed. */
  ok: boolean;
  /** The unit that systemd acted on; null for what berth did. */
  unit: string | null;
  image: string | null;
  digest: string | null;
  /** The live deployment after it, and before it; null for none. */
  deployment: number | null;
  previous: number | null;
  message: string;
}

/** What systemd says of units, by its message IDs (systemd's sd-messages.h). */
const SYSTEMD: Readonly<Record<string, string>> = {
  '7d4958e842da4a758f6c1cdc7b36dcc5': 'starting',
  '39f53479d3a045ac8e11786248231fbf': 'started',
  be02cf6855d2428ba40df7e9d022f03d: 'start-failed',
  de5b426a63be47a7b6ac3eaac82e2f6f: 'stopping',
  '9d1aaa27d60140bd96365438aad20286': 'stopped',
  d34d037fff1847e6ae669a370e694725: 'reloading',
  '7b05ebc668384222baa8881179cfda54': 'reloaded',
  '5eb03494b6584870a536b337290809b3': 'restarting',
  '7ad2d189f7e94e70a38c781354912448': 'succeeded',
  d9b373ed55a64feb8242e02dbe79a49c: 'failed',
  '98e322203f7a4ed290d09fe03c09fe15': 'exited',
  fe6faa94e7774663a0da52717891d8ef: 'out-of-memory',
};

const FAILURES = ['start-failed', 'failed', 'out-of-memory'];

const FIELDS = [
  ...['MESSAGE', 'MESSAGE_ID', 'UNIT', 'BERTH_SERVICE', 'BERTH_ACTION', 'BERTH_IMAGE', 'BERTH_DIGEST'],
  ...['BERTH_DEPLOYMENT', 'BERTH_PREVIOUS'],
];

/** Which events are wanted. */
export interface EventQuery extends JournalSpan {
  /** Services by name, with their units as far as these are known; no longer installed ones, too. */
  services: ReadonlyMap<ServiceName, readonly string[]>;
  /** True for what is about no service as well. */
  all: boolean;
}

/** Reads what was done to services, ordered by time. Throws as `readFields`. */
export async function* readEvents(query: EventQuery, signal: AbortSignal): AsyncGenerator<ServiceEvent> {
  const units = new Map(
    [...query.services].flatMap(([name, known]) =>
      [serviceUnit(name), ...known].map((unit) => [unit as string, name] as const),
    ),
  );
  const match = [...matchBerth(query), ...(units.size > 0 ? ['+', ...matchSystemd([...units.keys()])] : [])];
  for await (const fields of readFields({ ...query, match, fields: FIELDS }, signal)) {
    const text = (field: string) => (fields[field] === undefined ? null : messageText(fields[field]));
    const id = text('MESSAGE_ID') ?? '';
    const unit = text('UNIT');
    const systemd = SYSTEMD[id];
    const number = (field: string) => (fields[field] === undefined ? null : Number(fields[field]));
    yield {
      time: fields.time,
      source: systemd === undefined ? 'berth' : 'systemd',
      service: systemd === undefined ? text('BERTH_SERVICE') : (units.get(unit ?? '') ?? null),
      action: systemd ?? text('BERTH_ACTION') ?? 'change',
      ok: id !== CHANGE_MESSAGE.failed && !FAILURES.includes(systemd ?? ''),
      unit: systemd === undefined ? null : unit,
      image: text('BERTH_IMAGE'),
      digest: text('BERTH_DIGEST'),
      deployment: number('BERTH_DEPLOYMENT'),
      previous: number('BERTH_PREVIOUS'),
      message: text('MESSAGE') ?? '',
    };
  }
}

// Fields with "_" before them are the journal's own: no service can write what passes for berth's or systemd's.
function matchBerth({ services, all }: EventQuery): string[] {
  return [
    ...[
      '_UID=0',
      'SYSLOG_IDENTIFIER=berth',
      ...Object.values(CHANGE_MESSAGE).map((id) => `MESSAGE_ID=${id}`),
    ],
    ...(all ? [] : [...services.keys()].map((name) => `BERTH_SERVICE=${name}`)),
  ];
}

function matchSystemd(units: readonly string[]): string[] {
  const ids = Object.keys(SYSTEMD).map((id) => `MESSAGE_ID=${id}`);
  return ['_PID=1', ...ids, ...units.map((unit) => `UNIT=${unit}`)];
}
