import { BerthError, type ErrorDetail } from '../../errors.ts';

/** The error `unit-failed` of a unit that does not run as it should after a change. */
export class UnitTrouble extends BerthError {
  readonly unit: string;

  constructor(unit: string, message: string, detail: ErrorDetail = {}) {
    super('unit-failed', message, detail);
    this.unit = unit;
  }
}
