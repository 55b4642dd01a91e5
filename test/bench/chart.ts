import { escapeXml, svgDocument, textWidth } from '../../src/cli/graph/xml.ts';
import { figure } from './format.ts';
import { median, type Result, type Series } from './result.ts';

const MARGIN = 24;
const AXIS = 420;
const ROW = 22;
const TITLE = 34;
const OURS = '#16a34a';
const OTHERS = '#94a3b8';

/** Medians of times as bars, a scale for each result; on white, so that it reads in dark surroundings too. */
export function drawChart(results: readonly Result[]): string {
  const drawn = results
    .map(({ title, series }) => ({ title, bars: series.filter(({ unit }) => unit === 's') }))
    .filter(({ bars }) => bars.length > 1);
  const names = drawn.flatMap(({ bars }) => bars.map(({ subject }) => textWidth(subject)));
  const left = MARGIN + Math.max(0, ...names) + 12;
  const content: string[] = [];
  let y = MARGIN;
  for (const { title, bars } of drawn) {
    content.push(`<text x="${MARGIN}" y="${y + 16}" font-weight="bold">${escapeXml(title)}</text>`);
    y += TITLE;
    const longest = Math.max(...bars.map(({ samples }) => median(samples)));
    for (const [index, bar] of bars.entries()) {
      content.push(...drawBar(bar, { left, y, longest, fill: index === 0 ? OURS : OTHERS }));
      y += ROW;
    }
    y += 10;
  }
  return svgDocument(
    left + AXIS + 90 + MARGIN,
    y + MARGIN,
    'Times of berth and of other tools, medians',
    content,
  );
}

interface Place {
  left: number;
  y: number;
  /** What the whole axis stands for, in seconds. */
  longest: number;
  fill: string;
}

function drawBar({ subject, samples }: Series, { left, y, longest, fill }: Place): string[] {
  const value = median(samples);
  const width = Math.max(2, Math.round((value / longest) * AXIS));
  return [
    `<text x="${left - 12}" y="${y + 12}" text-anchor="end">${escapeXml(subject)}</text>`,
    `<rect x="${left}" y="${y}" width="${width}" height="16" fill="${fill}"/>`,
    `<text x="${left + width + 8}" y="${y + 12}" fill="#475569">${figure(value, 's')}</text>`,
  ];
}
