import { CHECKOUT } from '../../host/checkout.ts';
import { type Scenario, timeInTurns } from '../bench.ts';
import { clock } from '../measure.ts';
import { measureOrder } from '../order.ts';
import { ratioGoal } from '../result.ts';

/** The program itself, on nothing. */
export const program: Scenario = {
  name: 'program',
  run: async ({ boot, options }) => {
    await using host = await boot();
    const node = process.execPath;
    const series = await timeInTurns(options.rounds * 4, {
      'berth --version': () => clock(host, `${node} ${CHECKOUT}/dist/main.js --version`),
      'node -e 0': () => clock(host, `${node} -e 0`),
    });
    const [version, nothing] = series;
    const order = await timeInTurns(options.rounds, { 'loadGraph, findCycle, orderUnits': measureOrder });
    return [
      {
        title: 'The program',
        series,
        goals: [ratioGoal(version, nothing, 1.3, 'of node -e 0')],
        notes: [],
      },
      {
        title: '200 units read from files, checked for cycles and ordered',
        series: order,
        goals: [],
        notes: [],
      },
    ];
  },
};
