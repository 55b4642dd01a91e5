import { apply } from '../../../../src/deployment/apply/apply.ts';
import type { Plan } from '../../../../src/deployment/plan/plan.ts';
import { optionsFor, planWeb, planWebAway } from './scratch-root.ts';

// Usage: crash.ts ROOT install|uninstall INDEX begin|done. Changes ROOT and dies, as by kill -9, when the
// step INDEX begins or is done.

const [root = '', change = '', index = '', event = ''] = process.argv.slice(2);
const plan: Plan = change === 'install' ? planWeb(root) : planWebAway();
let events = 0;
await apply(plan, {
  ...optionsFor(root),
  onStep: (_, now) => {
    if (now === 'begin') events += 1;
    if (events - 1 === Number(index) && now === event) process.kill(process.pid, 'SIGKILL');
  },
});
