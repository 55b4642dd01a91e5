import type { Link, UnitLinks } from './unit-links.ts';

/** How a job of systemd ended (org.freedesktop.systemd1.Manager, JobRemoved). */
export type JobResult =
  | 'done'
  | 'canceled'
  | 'timeout'
  | 'failed'
  | 'dependency'
  | 'skipped'
  | 'once'
  | (string & {});

/** What systemd knows of one unit, read at one moment. */
export interface UnitState {
  name: string;
  description: string;
  loadState: string;
  activeState: string;
  subState: string;
  /** enabled, disabled, static … ; empty when there is no unit file. */
  unitFileState: string;
  /** Of a service: simple, oneshot, notify … ; empty for any other unit. */
  type: string;
  /** The ID of its last start, in the form of the journal's fields; empty before the first. */
  invocation: string;
  /** Of a service: success, exit-code, signal, timeout, oom-kill … */
  result: string;
  mainPid: number;
  execMainStatus: number;
  restarts: number;
  /** True when a job of it waits or runs: it is about to start or to stop. */
  hasJob: boolean;
  /** True when its files are others than systemd has read. */
  needsReload: boolean;
  /** When activeState changed last, in microseconds of CLOCK_REALTIME; 0 for a unit that has not run since the boot. */
  stateChanged: number;
  controlGroup: string;
  fragmentPath: string;
  monotonic: UnitTimes;
}

/** What tells most of a unit, and costs little to ask of many. */
export type UnitSummary = Pick<
  UnitState,
  | 'name'
  | 'loadState'
  | 'activeState'
  | 'subState'
  | 'unitFileState'
  | 'stateChanged'
  | 'restarts'
  | 'controlGroup'
>;

/** What a report on a unit needs, in as few questions as can be: many units are asked for. */
export type UnitReport = UnitSummary &
  Pick<UnitState, 'result' | 'mainPid' | 'needsReload' | 'monotonic'> & {
    /** What it says of others, by its own name or by theirs. */
    links: Link[];
  };

/** The last time that a unit came into each state, in microseconds of CLOCK_MONOTONIC; 0 for never since the boot. */
export interface UnitTimes {
  inactiveExit: number;
  activeEnter: number;
  activeExit: number;
  inactiveEnter: number;
}

/** Why a unit does not run, as far as the unit itself tells. */
export interface UnitFailure {
  /** Such as "exit-code, main process: exit status 1". */
  reason: string;
  /** The last lines that it logged, fit for a terminal; empty when the journal cannot be read. */
  log: string[];
}

/** When the running system began to boot and when all was started, as `UnitTimes`; `finished` is 0 before that. */
export interface BootTimes {
  began: number;
  finished: number;
}

/** The seam to systemd's manager. `ManagerBus` speaks D-Bus; `OfflineSystemd` works on files alone. */
export interface Systemd {
  /** False below another root: units can be enabled there, not started. */
  readonly live: boolean;
  /**
   * False where `start` and `restart` only queue jobs: berth is itself a job then that theirs wait for, and what
   * becomes of the units is not seen.
   */
  readonly follows: boolean;
  reload(): Promise<void>;
  /** True when files of these units are others than systemd has read. */
  needsReload(units: readonly string[]): Promise<boolean>;
  /**
   * Has units start at boot. Of this, too, systemd knows after the next `reload`: that of many units takes
   * long. Throws `systemd-refused`, and `service-not-found` for a unit without a file.
   */
  enable(units: string[]): Promise<void>;
  disable(units: string[]): Promise<void>;
  /** Starts a unit and follows its job to the end, if it `follows` jobs. Throws `unit-failed` with result, status and last journal lines, or with the name of a unit that it requires and that is not there, and `service-not-found`. */
  start(unit: string): Promise<void>;
  /** The same for a unit that may run already; with it, systemd restarts the running units that need it. */
  restart(unit: string): Promise<void>;
  /** No error for a unit that does not run or that systemd does not know. */
  stop(unit: string): Promise<void>;
  /** Forgets a failed state; no error when there is none. */
  resetFailed(unit: string): Promise<void>;
  /** Where no systemd runs only what files tell: whether there is such a unit, and whether it is enabled. */
  state(unit: string): Promise<UnitState>;
  /** The states of these units in brief, in their order. */
  summaries(units: readonly string[]): Promise<UnitSummary[]>;
  /** The same with what they say of others, for a report on them. */
  reports(units: readonly string[]): Promise<UnitReport[]>;
  /**
   * Calls `onChange` with the name of each unit that may be in another state, and with null when unit files have been
   * read again, until what it returns is called; never where no systemd runs.
   */
  watch(onChange: (unit: string | null) => void): Promise<() => void>;
  /** What these units say of others, and others of them; perhaps of more units. A unit that is unknown has the load state not-found. */
  links(units: readonly string[]): Promise<UnitLinks[]>;
  /** How the unit failed, and what it logged last: in this invocation, if one is given, else in its last. */
  failure(unit: string, invocation?: string): Promise<UnitFailure>;
  /** When a timer's unit starts next, in microseconds of CLOCK_REALTIME; 0 for never. */
  nextElapse(timer: string): Promise<number>;
  bootTimes(): Promise<BootTimes>;
  /** The version of the manager, such as "252.38-1~deb12u1"; empty when not live. */
  version(): Promise<string>;
  close(): Promise<void>;
}
