/**
 * What berth is for, shown on throwaway hosts. Every command's output is real; what must hold is checked,
 * and the first thing that does not ends the demo with exit status 1.
 */
import { showChain } from './demo/chain.ts';
import { showServices } from './demo/services.ts';
import { say } from './demo/stage.ts';

const began = Date.now();
await showServices();
await showChain();
say(`Done in ${((Date.now() - began) / 1000).toFixed(1)} s, and this machine is as it was`);
