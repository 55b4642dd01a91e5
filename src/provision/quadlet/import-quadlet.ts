import { dirname, resolve } from 'node:path';
import { BerthError } from '../../errors.ts';
import { parseServiceName, type ServiceName } from '../../service-name.ts';
import type { WrittenService } from '../format-host.ts';
import { type Draft, emptyDraft } from './draft.ts';
import { type Finding, refused } from './finding.ts';
import { loadQuadlet, type Quadlet, type QuadletEntry } from './load-quadlet.ts';
import { expandSpecifiers } from './specifiers.ts';
import { ruleFor } from './unit-rules.ts';

/** What became of a line that was not simply taken. */
export interface LineFinding extends Finding {
  file: string;
  line: number;
  section: string;
  key: string;
}

/** A service as a `.container` file describes it, as far as host.yaml can. */
export interface ImportedQuadlet {
  service: WrittenService;
  /** In the order of the lines. */
  findings: LineFinding[];
}

/**
 * Reads a `.container` file and its drop-ins (podman-container.unit(5)). Throws `unit-invalid` for a broken file,
 * and for one without an image; `service-name-invalid`, `usage` for another kind of file, `io`.
 */
export function importQuadlet(path: string): ImportedQuadlet {
  const quadlet = loadQuadlet(path);
  const draft = emptyDraft(nameOf(quadlet), resolve(dirname(path)));
  const findings: LineFinding[] = [];
  for (const entry of entriesThatCount(quadlet)) {
    const { file, line, section, key } = entry;
    const finding = readEntry(entry, draft);
    if (finding !== undefined) findings.push({ ...finding, file, line, section, key });
  }
  const { image, directory: _, ...service } = draft;
  if (image !== undefined) return { service: { ...service, image }, findings };
  const why = findings.find(({ key }) => key === 'Image' || key === 'Rootfs')?.text;
  throw new BerthError(
    'unit-invalid',
    `cannot import: ${path}: it names no image${why === undefined ? '' : `: ${why}`}`,
    {
      hint: 'write Image= below [Container]',
    },
  );
}

/** A template is its default instance, for host.yaml names each. Throws `service-name-invalid`, `usage`. */
function nameOf({ file, name, entries }: Quadlet): ServiceName {
  const last = (section: string, key: string) =>
    entries.findLast((entry) => entry.section === section && entry.key === key)?.value;
  const named = last('Container', 'ServiceName') || name;
  if (!named.endsWith('@')) return parseServiceName(named);
  const instance = last('Install', 'DefaultInstance');
  if (instance) return parseServiceName(named + instance);
  throw new BerthError('usage', `cannot import: ${file}: a template without DefaultInstance=`, {
    hint: `ln -s ${file} ${file.replace('@.', '@INSTANCE.')}, for each instance, and name these`,
  });
}

/** Those that no later line takes back, in the order of the lines. What begins with "X-" is for other programs. */
function entriesThatCount({ entries }: Quadlet): QuadletEntry[] {
  const keys = Map.groupBy(entries, ({ section, key }) => `${section}\n${key}`);
  const found = new Set(
    [...keys.values()].flatMap((lines) => {
      const valid = lines.slice(lines.findLastIndex(({ value }) => value === '') + 1);
      const [{ section, key } = { section: '', key: '' }] = valid;
      return ruleFor(section, key).isList ? valid : valid.slice(-1);
    }),
  );
  return entries.filter((entry) => found.has(entry) && !entry.section.startsWith('X-'));
}

function readEntry({ section, key, value }: QuadletEntry, draft: Draft): Finding | undefined {
  const rule = ruleFor(section, key);
  // What is not taken need not be read.
  if (rule.verdict === 'refused') return rule.read(value, draft);
  try {
    return rule.read(expandSpecifiers(value, draft.name), draft);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return refused(error.message, error.hint ?? 'mend the line');
  }
}
