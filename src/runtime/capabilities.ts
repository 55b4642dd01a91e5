/** OCI runtime spec, config.md, "Linux Process": the five sets of capabilities(7). */
export interface CapabilitySets {
  bounding: string[];
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
}

// Enough to take a port, drop to another user and own one's files; nothing that reaches the host.
const OF_ROOT = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/**
 * What a service may do without being asked. Another user than root has none, except that it may
 * listen on a low port that its image exposes: on the host's network nothing else would allow it.
 */
export function defaultCapabilities(uid: number, exposedPorts: readonly string[]): CapabilitySets {
  if (uid === 0) {
    // Inheritable stays empty: programs with file capabilities must not gain from it (CVE-2022-24769).
    return { bounding: OF_ROOT, effective: OF_ROOT, permitted: OF_ROOT, inheritable: [], ambient: [] };
  }
  const low = exposedPorts.some((port) => Number.parseInt(port, 10) < 1024);
  const sets = low ? ['CAP_NET_BIND_SERVICE'] : [];
  return { bounding: sets, effective: sets, permitted: sets, inheritable: sets, ambient: sets };
}
