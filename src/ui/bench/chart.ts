/** The measured speeds as bars beside their limits: one SVG, colours from the page. Draws numbers, knows no engine. */
import { nothing, svg, html, type TemplateResult } from 'lit';
import type { BenchResult, Spread } from './result.ts';
import { strings } from './strings.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Least and most, where it was measured more than once. */
  readonly spread?: Spread;
}

export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 360;
const LABEL_WIDTH = 84;
const VALUE_WIDTH = 58;
const ROW = 24;
const TITLE = 26;
const BAR = 14;

export function chartGroups(result: BenchResult): readonly BarGroup[] {
  const { limits, decodeTokensPerSecond: decode, prefillTokensPerSecond: prefill } = result;
  const dequant = limits.decodeByDequantDot;
  return [
    {
      title: strings.decode,
      bars: [
        { label: strings.measured, value: decode.median, spread: decode },
        ...(dequant === undefined ? [] : [{ label: strings.limitDequant, value: dequant }]),
        { label: strings.limitMemory, value: limits.decodeByBandwidth },
      ],
    },
    {
      title: strings.prefill,
      bars: [
        { label: strings.measured, value: prefill.median, spread: prefill },
        { label: strings.limitFma, value: limits.prefill },
      ],
    },
  ];
}

/** A limit so far above all else that its bar would flatten the others is cut off, and looks it. */
const LONGEST = 1.5;

/** Each group has a scale of its own: prefill is many times as fast as decoding. */
export function renderChart(groups: readonly BarGroup[]): TemplateResult {
  const heights = groups.map(({ bars }) => TITLE + bars.length * ROW);
  const tops = heights.map((_, i) => heights.slice(0, i).reduce((sum, height) => sum + height, 0));
  const height = heights.reduce((sum, one) => sum + one, 4);
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${height}"
    role="img"
    aria-label=${strings.chartTitle}
    data-testid="bench-chart"
  >
    ${groups.map((group, i) => renderGroup(group, tops[i] ?? 0))}
  </svg>`;
}

function renderGroup({ title, bars }: BarGroup, top: number): TemplateResult {
  const most = scaleOf(bars);
  const span = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const x = (value: number) => LABEL_WIDTH + (most > 0 ? (span * Math.min(value, most)) / most : 0);
  return svg`<text class="group" x="0" y=${top + 17}>${title}</text>
    ${bars.map((bar, i) => {
      const y = top + TITLE + i * ROW;
      const end = x(bar.value);
      const isMeasured = bar.spread !== undefined;
      return svg`<text class="label" x=${LABEL_WIDTH - 8} y=${y + BAR - 2} text-anchor="end">${bar.label}</text>
        <rect class=${isMeasured ? 'measured' : 'limit'} x=${LABEL_WIDTH} y=${y} width=${Math.max(1.5, end - LABEL_WIDTH)} height=${BAR} rx="3"></rect>
        ${bar.value > most ? svg`<path class="cut" d="M${end - 22} ${y + BAR}l6 -${BAR}h5l-6 ${BAR}z"></path>` : nothing}
        ${bar.spread === undefined ? nothing : renderRange(x(bar.spread.min), x(bar.spread.max), y + BAR / 2)}
        <text class="value" x=${Math.max(end, x(bar.spread?.max ?? 0)) + 6} y=${y + BAR - 2}>${formatSpeed(bar.value)}</text>`;
    })}`;
}

function scaleOf(bars: readonly Bar[]): number {
  const measured = bars.flatMap(({ spread }) => spread?.max ?? []);
  const limits = bars.filter(({ spread }) => spread === undefined).map(({ value }) => value);
  return Math.min(Math.max(...measured, ...limits), LONGEST * Math.max(...measured, Math.min(...limits)));
}

function renderRange(from: number, to: number, y: number): TemplateResult {
  return svg`<path class="range" d="M${from} ${y}H${to}M${from} ${y - 3}V${y + 3}M${to} ${y - 3}V${y + 3}"></path>`;
}

/** Three digits that mean something. */
export function formatSpeed(value: number): string {
  const maximumFractionDigits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits });
}
