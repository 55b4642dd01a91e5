import type { GraphNode, ServiceGraph } from '../../deployment/service-graph.ts';
import { NEEDS } from '../../systemd/unit-links.ts';
import { type Layout, layOut, type Route, type Slot } from './layout.ts';
import { STATE_COLORS } from './state-colors.ts';
import { escapeXml, svgDocument, textWidth } from './xml.ts';

const MARGIN = 24;
const BOX_HEIGHT = 44;
const ROW_HEIGHT = 68;
const BEND_HEIGHT = 24;
const GAP = 130;

interface Place {
  x: number;
  y: number;
  width: number;
}

/** The graph as an SVG document: what starts first is on the left, and arrows lead to what waits for it. */
export function drawSvg(graph: ServiceGraph): string {
  const layout = layOut(graph);
  const { places, width, height } = measure(layout);
  const nodes = new Map(graph.nodes.map((node) => [node.unit, node]));
  const boxes = [...places].flatMap(([slot, place]) => {
    const node = slot.unit === undefined ? undefined : nodes.get(slot.unit);
    return node === undefined ? [] : drawBox(node, place);
  });
  return svgDocument(width, height + LEGEND_HEIGHT, 'Services and what they wait for', [
    ARROW,
    ...layout.routes.flatMap((route) => drawRoute(route, places)),
    ...boxes,
    ...drawLegend(height),
  ]);
}

const ARROW =
  '<defs><marker id="arrow" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 1 10 5 0 9z" fill="#475569"/></marker></defs>';

function measure({ layers }: Layout): { places: Map<Slot, Place>; width: number; height: number } {
  const places = new Map<Slot, Place>();
  const heights = layers.map((layer) => layer.reduce((sum, slot) => sum + slotHeight(slot), 0));
  const tallest = Math.max(0, ...heights);
  let x = MARGIN;
  for (const [index, layer] of layers.entries()) {
    const width = Math.max(40, ...layer.map(({ unit }) => (unit === undefined ? 0 : textWidth(unit) + 28)));
    let y = MARGIN + (tallest - (heights[index] ?? 0)) / 2;
    for (const slot of layer) {
      places.set(slot, { x, y: y + slotHeight(slot) / 2, width });
      y += slotHeight(slot);
    }
    x += width + GAP;
  }
  return { places, width: Math.max(x - GAP + MARGIN, 420), height: tallest + 2 * MARGIN };
}

function slotHeight({ unit }: Slot): number {
  return unit === undefined ? BEND_HEIGHT : ROW_HEIGHT;
}

function drawBox({ unit, service, state }: GraphNode, { x, y, width }: Place): string[] {
  const { fill, stroke } = STATE_COLORS[state ?? 'inactive'] ?? STATE_COLORS.inactive;
  const dashes = service === null ? ' stroke-dasharray="5 3"' : '';
  const top = y - BOX_HEIGHT / 2;
  const middle = x + width / 2;
  const name = `<text x="${middle}" y="${state === null ? y + 5 : y - 3}" text-anchor="middle"${service === null ? '' : ' font-weight="bold"'}>${escapeXml(unit)}</text>`;
  return [
    `<rect x="${x}" y="${top}" width="${width}" height="${BOX_HEIGHT}" rx="7" fill="${fill}" stroke="${stroke}" stroke-width="1.5"${dashes}/>`,
    name,
    ...(state === null
      ? []
      : [
          `<text x="${middle}" y="${y + 14}" text-anchor="middle" font-size="11" fill="#475569">${escapeXml(state)}</text>`,
        ]),
  ];
}

function drawRoute({ edge, slots }: Route, places: ReadonlyMap<Slot, Place>): string[] {
  const at = slots.flatMap((slot) => places.get(slot) ?? []);
  const [first] = at;
  if (first === undefined || at.length < 2) return [];
  let path = `M${first.x + first.width} ${first.y}`;
  for (const [index, place] of at.slice(1).entries()) {
    const from = at[index] ?? first;
    const start = from.x + from.width;
    const middle = (start + place.x) / 2;
    path += ` C${middle} ${from.y} ${middle} ${place.y} ${place.x} ${place.y}`;
    // Through a bend the line goes straight on.
    if (index < at.length - 2) path += ` H${place.x + place.width}`;
  }
  const dashes = NEEDS.includes(edge.kind) ? '' : ' stroke-dasharray="6 4"';
  return [
    `<path d="${path}" fill="none" stroke="#475569" stroke-width="1.4" marker-end="url(#arrow)"${dashes}/>`,
  ];
}

const LEGEND_HEIGHT = 30;

function drawLegend(y: number): string[] {
  return [
    `<g font-size="11" fill="#475569"><path d="M${MARGIN} ${y} h36" stroke="#475569" stroke-width="1.4" marker-end="url(#arrow)"/>`,
    `<text x="${MARGIN + 44}" y="${y + 4}">is needed by</text>`,
    `<path d="M${MARGIN + 150} ${y} h36" stroke="#475569" stroke-width="1.4" stroke-dasharray="6 4" marker-end="url(#arrow)"/>`,
    `<text x="${MARGIN + 194}" y="${y + 4}">starts before, if it starts</text></g>`,
  ];
}
