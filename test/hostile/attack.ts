import type { ErrorCode } from '../../src/errors.ts';
import type { FakeRegistry } from '../unit/transport/fake-registry.ts';

/** Something that nobody may get through, put into a registry. */
export interface Attack {
  /** What is tried, in words. */
  name: string;
  /** Vulnerabilities of other tools that it mirrors. */
  cve?: string;
  /** The code of the error that it must end with, or `harmless`: read right, the image does no harm. */
  outcome: ErrorCode | 'harmless';
  /** Limits to set otherwise, so that reaching them is quick. */
  limits?: Record<string, number>;
  /** Puts it into the registry as `repository:latest`. */
  place(registry: FakeRegistry, repository: string): void;
  /** Asserts what must hold of the root file system of an image that is harmless. */
  holds?(rootfs: string): void;
  /** Asserts what must hold of the requests that the registry has seen. */
  seen?(registry: FakeRegistry): void;
}

/** What every attack aims at: it lies beside the store, on the same file system. */
export const CANARY = '/var/lib/berth/canary';
