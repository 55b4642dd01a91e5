import type { Scenario } from './bench.ts';
import { largest } from './scenarios/largest.ts';
import { many } from './scenarios/many.ts';
import { program } from './scenarios/program.ts';
import { pulls } from './scenarios/pull.ts';
import { second } from './scenarios/second.ts';
import { start } from './scenarios/start.ts';
import { update } from './scenarios/update.ts';

export const SCENARIOS: Scenario[] = [...pulls, update, second, start, program, many, largest];
