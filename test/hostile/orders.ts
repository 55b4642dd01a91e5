/** The folder of the checkout that the bundled victim is in. */
export const BUNDLE = 'dist-hostile';

/** What the runner tells a victim: which attack, where it lies, and when to give up. */
export interface Order {
  attack: number;
  reference: string;
  milliseconds: number;
}

/** How it ended for the victim. */
export interface Ending {
  /** `harmless`, an error code, or `crash` for an error that is not foreseen. */
  outcome: string;
  /** Of the error, with the stack of one that is not foreseen. */
  message: string;
  /** The most memory that the process has had meanwhile. */
  peakBytes: number;
}

/** What the runner says of one attack, one line of JSON. */
export interface Verdict extends Ending {
  name: string;
  seconds: number;
  /** What is wrong, beside the ending; nothing is right. */
  wrongs: string[];
}
