import { readFileSync } from 'node:fs';
import { type Frame, stageOf } from './stages.ts';

/** What V8 writes (Chrome DevTools protocol, Profiler.Profile); times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

/** Seconds that a thread spent in each stage. */
export function readStages(file: string): Map<string, number> {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const stages = stagesOfNodes(nodes);
  const seconds = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const stage = stages.get(sample) ?? '';
    // A delta says how long ago the sample before was taken.
    const microseconds = timeDeltas[index + 1] ?? 0;
    seconds.set(stage, (seconds.get(stage) ?? 0) + microseconds / 1e6);
  }
  return seconds;
}

function stagesOfNodes(nodes: CpuProfile['nodes']): Map<number, string> {
  const parents = new Map(
    nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  );
  const stackOf = (node: CpuProfile['nodes'][number]) => {
    const stack: Frame[] = [];
    for (let at: typeof node | undefined = node; at !== undefined; at = parents.get(at.id))
      stack.push(at.callFrame);
    return stack;
  };
  return new Map(nodes.map((node) => [node.id, stageOf(stackOf(node))]));
}
