import assert from 'node:assert/strict';
import type { Host } from '../host/host.ts';

/** Microseconds of the machine's clock, 0 for never in this boot (org.freedesktop.systemd1(5)). */
export interface Times {
  state: string;
  started: number;
  ready: number;
}

/** When a service was started and when it was ready. */
export async function times(host: Host, service: string): Promise<Times> {
  const properties = ['ActiveState', 'InactiveExitTimestampMonotonic', 'ActiveEnterTimestampMonotonic'];
  const text = await host.sh(`systemctl show --property ${properties.join(',')} ${service}.service`);
  const values = new Map(text.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const [state = '', started, ready] = properties.map((property) => values.get(property));
  return { state, started: Number(started), ready: Number(ready) };
}

/** Asserts that services run, and that each was ready before the next one started. */
export async function assertOrder(host: Host, services: string[]): Promise<void> {
  const chain = await Promise.all(services.map((service) => times(host, service)));
  let ready = 0;
  for (const unit of chain) {
    assert.equal(unit.state, 'active', JSON.stringify(chain));
    assert.ok(ready < unit.started && unit.started < unit.ready, JSON.stringify(chain));
    ready = unit.ready;
  }
}
