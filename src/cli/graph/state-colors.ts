interface Colors {
  fill: string;
  stroke: string;
}

/** The colours of a unit's states, dark enough in print and apart from each other for the colour-blind. */
export const STATE_COLORS: Readonly<Record<string, Colors>> & { inactive: Colors } = {
  active: { fill: '#dcfce7', stroke: '#16a34a' },
  reloading: { fill: '#dcfce7', stroke: '#16a34a' },
  activating: { fill: '#fef3c7', stroke: '#d97706' },
  deactivating: { fill: '#e2e8f0', stroke: '#64748b' },
  failed: { fill: '#fee2e2', stroke: '#dc2626' },
  'not-found': { fill: '#fee2e2', stroke: '#dc2626' },
  masked: { fill: '#fee2e2', stroke: '#dc2626' },
  inactive: { fill: '#f1f5f9', stroke: '#94a3b8' },
};
