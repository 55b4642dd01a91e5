import { parseArgs } from 'node:util';

/** What the command line of the bench says. */
export interface Options {
  /** Smaller images, fewer rounds, fewer services. */
  quick: boolean;
  profile: boolean;
  /** Also puts the results into docs/. */
  docs: boolean;
  rounds: number;
  /** Names of the scenarios to run; all when undefined. */
  only: string[] | undefined;
}

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: not a number`);
  return { ...values, rounds, only: values.only?.split(',') };
}
