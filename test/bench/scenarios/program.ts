import { CHECKOUT } from '../../host/checkout.ts';
import { type Scenario, takeTurns } from '../bench.ts';
import { clock } from '../measure.ts';
import { measureOrder } from '../order.ts';
import { ratioGoal } from '../result.ts';

/** The program itself, on nothing. */
export const program: Scenario = {
  name: 'program',
  run: async ({ host, options }) => {
    const node = process.execPath;
    const subjects = [
      {
        subject: 'berth --version',
        command: `${node} ${CHECKOUT}/dist/main.js --version`,
        unit: 's' as const,
        samples: [] as number[],
      },
      { subject: 'node -e 0', command: `${node} -e 0`, unit: 's' as const, samples: [] as number[] },
    ];
    await takeTurns(options.rounds * 4, subjects, async ({ command, samples }) => {
      samples.push(await clock(host, command));
    });
    const [version, nothing] = subjects.map(({ command: _, ...series }) => series);
    const order: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) order.push(await measureOrder());
    return [
      {
        title: 'The program',
        series: [version, nothing].filter((each) => each !== undefined),
        goals: [ratioGoal(version, nothing, 1.3, 'of node -e 0')],
        notes: [],
      },
      {
        title: '200 units read from files, checked for cycles and ordered',
        series: [{ subject: 'loadGraph, findCycle, orderUnits', unit: 's', samples: order }],
        goals: [],
        notes: [],
      },
    ];
  },
};
