/** <linnet-bench-result>: one run as cards, plot, details and JSON. It shows a BenchResult and changes nothing. */
import { html, LitElement, type TemplateResult } from 'lit';
import { formatBytes, formatCount, formatDuration, formatRate } from '../state/format.ts';
import { base, buttons } from '../views/styles.ts';
import { benchStyles } from './bench-styles.ts';
import { chartGroups, formatSpeed, renderChart } from './chart.ts';
import { bandwidth } from './limits.ts';
import type { BenchLoads, BenchResult, Spread } from './result.ts';
import { strings } from './strings.ts';

export class LinnetBenchResult extends LitElement {
  static override properties = { result: { attribute: false }, copied: { state: true } };
  static override styles = [base, buttons, benchStyles];

  declare result: BenchResult;
  declare copied: boolean;

  constructor() {
    super();
    this.copied = false;
  }

  override render(): TemplateResult {
    const { result } = this;
    const json = JSON.stringify(result, null, 2);
    return html`<div class="cards">
        ${this.#renderSpeed(strings.decode, result.decodeTokensPerSecond, result.share.decode, 'bench-decode')}
        ${this.#renderSpeed(strings.prefill, result.prefillTokensPerSecond, result.share.prefill, 'bench-prefill')}
        ${this.#renderFirstToken(result.timeToFirstTokenMs)} ${this.#renderLoad(result.load)}
      </div>
      <section class="panel">
        <h2>${strings.chartTitle}</h2>
        ${renderChart(chartGroups(result))}
      </section>
      <section class="panel">
        <h2>${strings.details}</h2>
        <dl data-testid="bench-details">
          ${detailsOf(result).map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
        </dl>
      </section>
      <section class="panel">
        <h2>${strings.json}</h2>
        <div class="actions">
          <button class="secondary" data-testid="bench-copy" @click=${() => this.#copy(json)}>
            ${this.copied ? strings.copied : strings.copy}
          </button>
          <button
            class="secondary"
            data-testid="bench-download"
            @click=${() => {
              downloadText(`linnet-benchmark-${result.date.slice(0, 10)}.json`, json);
            }}
          >
            ${strings.download}
          </button>
        </div>
        <pre tabindex="0" aria-label=${strings.json} data-testid="bench-json">${json}</pre>
      </section>`;
  }

  #renderSpeed(name: string, speed: Spread, share: number, testId: string): TemplateResult {
    return html`<div class="card" data-testid=${testId}>
      <p class="name">${name}</p>
      <p class="big">${formatSpeed(speed.median)} <small>${strings.tokensPerSecond}</small></p>
      <p class="small share">${strings.ofLimit(formatShare(share))}</p>
      <p class="small muted">${strings.range(formatSpeed(speed.min), formatSpeed(speed.max))}</p>
    </div>`;
  }

  #renderFirstToken({ median, min, max }: Spread): TemplateResult {
    return html`<div class="card" data-testid="bench-first-token">
      <p class="name">${strings.firstToken}</p>
      <p class="big">${formatDuration(median)}</p>
      <p class="small muted">${strings.range(formatDuration(min), formatDuration(max))}</p>
    </div>`;
  }

  #renderLoad({ coldMs, warmMs, fromCache }: BenchLoads): TemplateResult {
    const cold = formatDuration(coldMs);
    return html`<div class="card" data-testid="bench-load">
      <p class="name">${strings.load}</p>
      <p class="big">${formatDuration(warmMs ?? coldMs)}</p>
      <p class="small muted">${fromCache ? strings.firstLoadCached(cold) : strings.coldLoad(cold)}</p>
    </div>`;
  }

  async #copy(json: string): Promise<void> {
    await navigator.clipboard.writeText(json);
    this.copied = true;
    setTimeout(() => (this.copied = false), 2000);
  }
}

customElements.define('linnet-bench-result', LinnetBenchResult);

export function formatShare(share: number): string {
  return `${(100 * share).toLocaleString('en', { maximumFractionDigits: share < 0.1 ? 1 : 0 })} %`;
}

function detailsOf(result: BenchResult): readonly (readonly [string, string])[] {
  const { device, model, perToken, rates, load } = result;
  const { copyCommand, copyKernel, readKernel } = rates.bytesPerSecond;
  const giga = (rate: number, unit: string) => `${formatSpeed(rate / 1e9)} ${unit}`;
  const dequant = Object.entries(rates.dequantDotPerSecond).map(([type, rate]) =>
    strings.dequantDotValue(type, giga(rate, 'G')),
  );
  const name = [device.description, device.vendor, device.architecture].filter((part) => part !== '');
  return [
    [strings.model, `${model.name}, ${model.weightType}, ${formatBytes(model.fileBytes)}`],
    [strings.deviceName, [...new Set([...name, ...device.features])].join(', ')],
    [strings.kernels, listOf(device.variants)],
    [
      strings.bytesPerToken,
      strings.bytesPerTokenValue(formatBytes(perToken.weightBytesRead), formatBytes(perToken.kvBytesRead)),
    ],
    [
      strings.dispatches,
      strings.dispatchesValue(formatCount(perToken.numDispatches), formatCount(perToken.numSubmits)),
    ],
    [
      strings.bandwidth,
      strings.bandwidthValue(
        formatRate(bandwidth(rates)),
        formatRate(copyCommand),
        formatRate(copyKernel),
        formatRate(readKernel),
      ),
    ],
    [strings.fma, giga(rates.flopsPerSecond, 'GFLOP/s')],
    [strings.int8, rates.int8OpsPerSecond === undefined ? strings.none : giga(rates.int8OpsPerSecond, 'GOP/s')],
    ...(dequant.length === 0 ? [] : ([[strings.dequantDot, dequant.join(', ')]] as const)),
    [strings.loadParts, strings.loadPartsValue(formatDuration(load.uploadMs), formatDuration(load.compileMs))],
    [strings.network, formatBytes(load.networkBytes)],
    [strings.peak, formatBytes(result.peakBufferBytes)],
  ];
}

/** `gemm rows, gemv lanes` */
function listOf(variants: Readonly<Record<string, string>>): string {
  return Object.entries(variants)
    .map((pair) => pair.join(' '))
    .join(', ');
}

function downloadText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
