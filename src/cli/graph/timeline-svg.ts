import type { Span, Timeline, TimelineRow } from '../../deployment/boot-timeline.ts';
import { STATE_COLORS } from './state-colors.ts';
import { lastState, seconds } from './timeline.ts';
import { escapeXml, svgDocument, textWidth } from './xml.ts';

const MARGIN = 24;
const AXIS = 640;
const ROW = 34;
const BAR = 18;
const TOP = 56;

const STATES: Span['state'][] = ['activating', 'active', 'deactivating', 'failed'];

/** A boot as an SVG document: a row for each unit in the order of their starts, seconds along the top. */
export function drawTimelineSvg(timeline: Timeline): string {
  const { rows, length } = timeline;
  const left = MARGIN + Math.max(60, ...rows.map(({ unit }) => textWidth(unit))) + 14;
  const bottom = TOP + rows.length * ROW;
  const scale = (time: number) => round(left + (time / length) * AXIS);
  const times = Math.max(0, ...rows.map((row) => textWidth(describe(row, length), 11)));
  return svgDocument(left + AXIS + 12 + times + MARGIN, bottom + 52, 'The last boot of these services', [
    ...drawGrid(length, scale, bottom),
    ...rows.flatMap((row, index) => drawRow(row, { y: TOP + index * ROW, left, length, scale })),
    ...drawLegend(left, bottom + 28),
  ]);
}

function drawGrid(length: number, scale: (time: number) => number, bottom: number): string[] {
  const step = niceStep(length / 6);
  const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
  return ticks.flatMap((time) => [
    `<path d="M${scale(time)} ${TOP - 8}V${bottom}" stroke="#e2e8f0"/>`,
    `<text x="${scale(time)}" y="${TOP - 16}" text-anchor="middle" font-size="11" fill="#475569">${label(time)}</text>`,
  ]);
}

interface Frame {
  y: number;
  left: number;
  length: number;
  scale(time: number): number;
}

function drawRow(row: TimelineRow, { y, left, length, scale }: Frame): string[] {
  const middle = y + ROW / 2;
  const bars = row.spans.map(({ state, from, to }) => {
    const { fill, stroke } = STATE_COLORS[state] ?? STATE_COLORS.inactive;
    // Even a moment is to be seen.
    const width = Math.max(2, round(scale(to) - scale(from)));
    return `<rect x="${scale(from)}" y="${middle - BAR / 2}" width="${width}" height="${BAR}" fill="${fill}" stroke="${stroke}"/>`;
  });
  return [
    `<text x="${left - 14}" y="${middle + 4}" text-anchor="end">${escapeXml(row.unit)}</text>`,
    ...bars,
    `<text x="${left + AXIS + 12}" y="${middle + 4}" font-size="11" fill="#475569">${escapeXml(describe(row, length))}</text>`,
  ];
}

/** Such as "ready after 0.21 s" of starting. */
function describe(row: TimelineRow, length: number): string {
  const began = row.spans[0]?.from;
  if (began === undefined || row.ready === null) return lastState(row, length);
  const took = `ready at ${seconds(row.ready)}, after ${seconds(row.ready - began)}`;
  const state = lastState(row, length);
  return state === 'active' ? took : `${took}; ${state}`;
}

function drawLegend(left: number, y: number): string[] {
  return STATES.flatMap((state, index) => {
    const { fill, stroke } = STATE_COLORS[state] ?? STATE_COLORS.inactive;
    const x = left + index * 120;
    return [
      `<rect x="${x}" y="${y - 10}" width="18" height="12" fill="${fill}" stroke="${stroke}"/>`,
      `<text x="${x + 24}" y="${y}" font-size="11" fill="#475569">${state}</text>`,
    ];
  });
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function label(time: number): string {
  return `${Number(time.toPrecision(6))} s`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
