import type { Curve, Line } from './figure.ts';

const SIZE = { width: 640, height: 360 } as const;
const FRAME = { left: 76, right: 20, top: 44, bottom: 54 } as const;
const COLOURS = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed'];
const TICKS = 5;

/** Where a value stands along an axis, in pixels, and what is written beside it. */
interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** A picture of lines over two axes, legible on white and on black. */
export function svgOf(curve: Curve): string {
  const points = curve.lines.flatMap(({ points: all }) => all);
  const { left, right, top, bottom } = FRAME;
  const x = axis(
    points.map(([value]) => value),
    curve.x.isLogarithmic,
    [left, SIZE.width - right],
  );
  const y = axis([...points.map(([, value]) => value), 0], curve.y.isLogarithmic, [SIZE.height - bottom, top]);
  const parts = [
    text(curve.title, SIZE.width / 2, 20, 'middle', 15),
    ...y.ticks.flatMap((tick) => [
      `<line class="grid" x1="${left}" x2="${SIZE.width - right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>`,
      text(short(tick), left - 8, y.at(tick) + 4, 'end'),
    ]),
    ...x.ticks.map((tick) => text(short(tick), x.at(tick), SIZE.height - bottom + 18, 'middle')),
    text(curve.x.label, SIZE.width / 2, SIZE.height - 12, 'middle'),
    `<g transform="rotate(-90 16 ${SIZE.height / 2})">${text(curve.y.label, 16, SIZE.height / 2, 'middle')}</g>`,
    ...curve.lines.flatMap((line, index) => drawn(line, index, x, y)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img">
<title>${escaped(curve.title)}</title>
<style>svg{background:#fff;color:#222}text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd}</style>
${parts.join('\n')}
</svg>
`;
}

function drawn({ name, points }: Line, index: number, x: Axis, y: Axis): string[] {
  const colour = COLOURS[index % COLOURS.length];
  const at = points.map(([one, other]) => [x.at(one), y.at(other)] as const);
  const legend = FRAME.top + 14 + index * 16;
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${at.map((pair) => pair.join(',')).join(' ')}"/>`,
    ...at.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
    `<rect x="${FRAME.left + 10}" y="${legend - 8}" width="10" height="10" fill="${colour}"/>`,
    text(name, FRAME.left + 26, legend + 1, 'start'),
  ];
}

function axis(values: readonly number[], isLogarithmic = false, [from, to]: readonly [number, number]): Axis {
  const scale = isLogarithmic ? (value: number) => Math.log10(Math.max(value, 1e-9)) : (value: number) => value;
  const shown = isLogarithmic ? values.filter((value) => value > 0) : values;
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const width = scale(high) - scale(low) || 1;
  const at = (value: number) => round(from + ((scale(value) - scale(low)) / width) * (to - from));
  return { at, ticks: isLogarithmic ? [...new Set(shown)].sort((a, b) => a - b) : evenTicks(low, high) };
}

function evenTicks(low: number, high: number): number[] {
  const step = (high - low) / (TICKS - 1) || 1;
  return Array.from({ length: TICKS }, (_, index) => low + index * step);
}

function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3, useGrouping: true });
}

function text(words: string, x: number, y: number, anchor: 'start' | 'middle' | 'end', size = 12): string {
  return `<text x="${x}" y="${round(y)}" text-anchor="${anchor}" style="font-size:${size}px">${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
