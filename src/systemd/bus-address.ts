const PATH = '/run/dbus/system_bus_socket';

/**
 * The socket of the system bus, as node:net takes it: the first one that DBUS_SYSTEM_BUS_ADDRESS names, if it does
 * (D-Bus specification, "Server Addresses").
 */
export function busAddress(env: NodeJS.ProcessEnv): string {
  for (const address of (env['DBUS_SYSTEM_BUS_ADDRESS'] ?? '').split(';')) {
    const [, kind, value = ''] = /^unix:(?:.*,)?(path|abstract)=([^,]+)/.exec(address) ?? [];
    const name = value.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (kind !== undefined) return kind === 'abstract' ? `\0${name}` : name;
  }
  return PATH;
}
