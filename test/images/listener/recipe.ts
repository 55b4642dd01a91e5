import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** A small server that takes its sockets from systemd and has none of its own. */
export const listener: Recipe = {
  name: 'listener',
  folder: import.meta.dirname,
  tags: ['latest'],
  from: base,
  layers: [{ files: join(import.meta.dirname, 'files'), script: 'chmod 755 "$ROOT/usr/local/bin/listener"' }],
  config: { ...base.config, Entrypoint: ['/usr/local/bin/listener'], Cmd: [] },
};

/** The same, with a socket unit of its own. */
export const listenerShipped: Recipe = {
  ...listener,
  name: 'listener-shipped',
  from: listener,
  layers: [{ files: join(import.meta.dirname, 'exports') }],
};

const LATE = `
  use IO::Socket::INET;
  sleep 1;
  my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 9000, Listen => 5, ReuseAddr => 1) or die $!;
  while (my $connection = $socket->accept) { print $connection 'late ', scalar <$connection>; close $connection }
`;

/** Listens by itself, and only a second after it was started. */
export const late: Recipe = {
  ...listener,
  name: 'late',
  from: base,
  layers: [],
  config: {
    ...base.config,
    Cmd: ['/usr/bin/perl', '-e', LATE],
    ExposedPorts: { '9000/tcp': {} },
    StopSignal: 'SIGKILL',
  },
};
