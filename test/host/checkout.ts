import { fileURLToPath } from 'node:url';

/** The top of the git checkout that the tests run from. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
