import { pathToFileURL } from 'node:url';
import { CHECKOUT } from '../../host/checkout.ts';

const SOURCES = `${pathToFileURL(CHECKOUT).href}/src/`;

/** A function of a profile, with the functions that it was called from, the innermost first. */
export interface Frame {
  functionName: string;
  url: string;
}

interface Stage {
  name: string;
  /** Of the innermost file of berth, from src/ on; those of src/linux/ only where they are named here. */
  file: RegExp;
  /** Of Node's own part that it called, if that matters. */
  node?: RegExp;
}

const HASH = /crypto/;

/** The first that fits counts. */
const STAGES: Stage[] = [
  { name: 'sync', file: /^linux\/(syncfs|durable)/ },
  { name: 'blob hash', file: /^image\/verified-blob/, node: HASH },
  { name: 'object hash', file: /^(layer\/object|store\/object)/, node: HASH },
  { name: 'diff ID hash', file: /^(layer|image)\//, node: HASH },
  { name: 'inflate', file: /^image\/compression\// },
  { name: 'write objects', file: /^(layer\/object|store\/object)/ },
  { name: 'layer record', file: /^store\/layer-record/ },
  {
    name: 'parse archive',
    file: /^layer\/(tar|pax|unpack|entry|xattr|posix|extract)|^image\/(verified|layer-problem|limits)/,
  },
  { name: 'merge layers', file: /^layer\/(image-tree|union|stored)/ },
  { name: 'network', file: /^transport\/|^layer\/(fetch|pull|look)/ },
  { name: 'commit to store', file: /^store\// },
  { name: 'checkout', file: /^deployment\/plan\/checkout/ },
  { name: 'systemd', file: /^systemd\// },
  { name: 'units and config.json', file: /^(deployment|runtime)\// },
  { name: 'command line', file: /^(cli|main|settings|paths|errors|reference)/ },
];

/** What the program was doing, by the functions that were active: innermost first. */
export function stageOf(stack: readonly Frame[]): string {
  const [innermost] = stack;
  if (innermost?.functionName === '(idle)') return WAITING;
  if (innermost?.functionName === '(garbage collector)') return 'garbage collector';
  const files = stack.flatMap(({ url }) => (url.startsWith(SOURCES) ? url.slice(SOURCES.length) : []));
  const node = stack.find(({ url }) => url.startsWith('node:'))?.url ?? '';
  if (/^node:internal\/modules\//.test(node)) return 'load modules';
  const caller = files.find((file) => !file.startsWith('linux/')) ?? '';
  const fits = (file: string, stage: Stage) => stage.file.test(file) && (stage.node?.test(node) ?? true);
  const stage = STAGES.find((each) => fits(files[0] ?? '', each) || fits(caller, each));
  return stage?.name ?? (caller === '' ? `Node itself` : caller);
}

/** Not the program's doing, but that of other threads, of the disk or of the network. */
export const WAITING = 'waiting';
