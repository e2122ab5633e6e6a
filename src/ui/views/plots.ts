/**
 * <linnet-plots>: speed, memory and cache while answers are written, drawn by uPlot. Fetched when the device panel is opened for the first
 * time. Each plot has its newest value as text too. It draws what it is given and asks nobody.
 */
import { css, html, LitElement, unsafeCSS, type TemplateResult } from 'lit';
import uPlot from 'uplot';
import uPlotStyles from 'uplot/dist/uPlot.min.css?inline';
import { deviceStrings as strings } from '../device-strings.ts';
import { formatCount } from '../state/format.ts';
import type { StatsSample } from '../state/stats-sample.ts';
import { base } from './styles.ts';

const HEIGHT_PX = 110;

interface Series {
  readonly id: string;
  readonly title: string;
  readonly valueOf: (sample: StatsSample) => number | undefined;
}

export class LinnetPlots extends LitElement {
  static override properties = { samples: { attribute: false } };
  static override styles = [
    base,
    unsafeCSS(uPlotStyles),
    css`
      :host {
        display: block;
      }
      figure {
        margin: 0.6rem 0 0;
      }
      figcaption {
        font-size: 0.8125rem;
        color: var(--muted);
        font-variant-numeric: tabular-nums;
      }
      .plot {
        color: var(--accent);
        height: ${HEIGHT_PX}px;
        overflow: hidden;
      }
    `,
  ];

  declare samples: readonly StatsSample[];
  readonly #plots = new Map<string, uPlot>();
  readonly #resize = new ResizeObserver(() => {
    for (const plot of this.#plots.values()) plot.setSize({ width: this.clientWidth, height: HEIGHT_PX });
  });

  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  readonly #redraw = (): void => {
    for (const plot of this.#plots.values()) plot.redraw();
  };

  constructor() {
    super();
    this.samples = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    this.#scheme.addEventListener('change', this.#redraw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#scheme.removeEventListener('change', this.#redraw);
  }

  override render(): TemplateResult {
    return html`${seriesOf().map(({ id, title, valueOf }) => {
      const newest = this.samples.map(valueOf).findLast((value) => value !== undefined);
      return html`<figure data-testid="plot">
        <figcaption>${title}: ${newest === undefined ? '–' : formatCount(newest)}</figcaption>
        <div class="plot" id=${id} aria-hidden="true"></div>
      </figure>`;
    })}`;
  }

  override updated(): void {
    const times = this.samples.map(({ timeMs }) => timeMs / 1000);
    const start = times[0] ?? 0;
    for (const { id, valueOf } of seriesOf()) {
      const place = this.renderRoot.querySelector<HTMLElement>(`#${id}`);
      if (place === null) continue;
      const plot = this.#plots.get(id) ?? this.#create(id, place);
      plot.setData([times.map((time) => time - start), this.samples.map((sample) => valueOf(sample) ?? null)]);
    }
  }

  #create(id: string, place: HTMLElement): uPlot {
    // Asked at each drawing, since the page may have turned dark meanwhile.
    const accent = () => getComputedStyle(place).color;
    const axis: uPlot.Axis = {
      stroke: () => getComputedStyle(this).color,
      grid: { show: false },
      ticks: { show: false },
      size: 30,
      font: '11px system-ui',
    };
    const plot = new uPlot(
      {
        width: Math.max(1, this.clientWidth),
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [axis, { ...axis, size: 52 }],
        // A short answer is one value between two gaps, which no line shows.
        series: [{}, { stroke: accent, width: 2, spanGaps: false, points: { show: true, size: 4, fill: accent } }],
      },
      [[], []],
      place,
    );
    this.#plots.set(id, plot);
    return plot;
  }
}

function seriesOf(): readonly Series[] {
  return [
    { id: 'speed', title: strings.speed, valueOf: ({ tokensPerSecond }) => tokensPerSecond },
    { id: 'memory', title: strings.memory, valueOf: ({ bufferBytes }) => bufferBytes / 1e6 },
    { id: 'cache', title: strings.cache, valueOf: ({ kvShare }) => kvShare * 100 },
  ];
}

customElements.define('linnet-plots', LinnetPlots);
