/**
 * <linnet-bench>: choose a model and a workload, watch it being measured, see the numbers. It measures through the client
 * and through nothing else. Nothing is downloaded before the button is pressed that says so.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { EngineClient } from '../client.ts';
import { toLinnetError, type LinnetError } from '../errors.ts';
import { parseCatalogue, type CatalogueModel } from '../state/catalogue.ts';
import { strings as pageStrings } from '../strings.ts';
import { bird } from '../views/icons.ts';
import { base, buttons, fields, tokens } from '../views/styles.ts';
import { benchStyles } from './bench-styles.ts';
import { catalogueChoices, fileChoice, keptChoices, readLink, type BenchChoice } from './choices.ts';
import { runBench, type BenchProgress } from './measure.ts';
import type { BenchCounts, BenchResult, BenchSettings } from './result.ts';
import './result-view.ts';
import { strings } from './strings.ts';

type BenchState =
  | { readonly kind: 'choosing' }
  | { readonly kind: 'running'; readonly progress: BenchProgress; readonly abort: AbortController }
  | { readonly kind: 'done'; readonly result: BenchResult }
  | { readonly kind: 'failed'; readonly error: LinnetError };

const LEAST: BenchCounts = { numPrompt: 1, numGenerate: 2, kvFill: 0, numRepeats: 1 };
const NUMBERS = ['numPrompt', 'numGenerate', 'kvFill', 'numRepeats'] as const;

export class LinnetBench extends LitElement {
  static override properties = {
    client: { attribute: false },
    choices: { state: true },
    chosen: { state: true },
    settings: { state: true },
    run: { state: true },
  };
  static override styles = [tokens, base, buttons, fields, benchStyles];

  declare client: EngineClient;
  declare choices: readonly BenchChoice[];
  declare chosen: string | undefined;
  declare settings: BenchSettings;
  declare run: BenchState;

  constructor() {
    super();
    const { linked, chosen, settings } = readLink(location.search, document.baseURI);
    this.choices = linked === undefined ? [] : [linked];
    this.chosen = chosen;
    this.settings = settings;
    this.run = { kind: 'choosing' };
  }

  override firstUpdated(): void {
    void this.#offerModels();
  }

  override render(): TemplateResult {
    return html`<div class="column">
      <nav><a href="./">${bird(28)}${strings.back}</a></nav>
      <header>
        <h1>${strings.title}</h1>
        <p class="muted">${strings.intro}</p>
      </header>
      ${this.run.kind === 'running' ? this.#renderRunning(this.run.progress, this.run.abort) : this.#renderForm()}
      <div class="live" aria-live="polite">
        ${this.run.kind === 'failed' ? this.#renderFailure(this.run.error) : nothing}
      </div>
      ${
        this.run.kind === 'done'
          ? html`<linnet-bench-result class="result" .result=${this.run.result}></linnet-bench-result>`
          : nothing
      }
    </div>`;
  }

  #renderForm(): TemplateResult {
    const groups = [...new Set(this.choices.map(({ group }) => group))];
    const { choice } = this;
    const label = choice?.downloads === true ? strings.startDownload : strings.start;
    return html`<form class="panel" @submit=${this.#start}>
      <div>
        <label for="model">${strings.model}</label>
        <div class="pick">
          <select id="model" data-testid="bench-model" @change=${this.#onModel} ?disabled=${this.choices.length === 0}>
            ${choice === undefined ? html`<option selected value="">${strings.noModel}</option>` : nothing}
            ${groups.map(
              (group) =>
                html`<optgroup label=${group}>
                  ${this.choices
                    .filter((one) => one.group === group)
                    .map(
                      ({ id, label: text }) =>
                        html`<option value=${id} ?selected=${id === choice?.id}>${text}</option>`,
                    )}
                </optgroup>`,
            )}
          </select>
          <input
            class="visually-hidden"
            type="file"
            accept=".gguf"
            tabindex="-1"
            aria-hidden="true"
            data-testid="bench-file"
            @change=${this.#onFile}
          />
          <button type="button" class="secondary" @click=${this.#openPicker}>${strings.chooseFile}</button>
        </div>
      </div>
      <div class="numbers">${NUMBERS.map((name) => this.#renderNumber(name))}</div>
      <p class="small muted">${strings.quiet}</p>
      <div class="actions">
        <button class="primary" type="submit" data-testid="bench-start" ?disabled=${choice === undefined}>
          ${this.run.kind === 'done' ? strings.again : label}
        </button>
      </div>
    </form>`;
  }

  #renderNumber(name: keyof BenchCounts): TemplateResult {
    const change = (event: Event): void => {
      if (!(event.target instanceof HTMLInputElement)) return;
      const value = Math.round(event.target.valueAsNumber);
      if (Number.isSafeInteger(value) && value >= LEAST[name]) this.settings = { ...this.settings, [name]: value };
      else event.target.value = String(this.settings[name]);
    };
    return html`<div>
      <label for=${name}>${strings[name]}</label>
      <input
        id=${name}
        type="number"
        inputmode="numeric"
        min=${LEAST[name]}
        step="1"
        .value=${String(this.settings[name])}
        data-testid="bench-${name}"
        @change=${change}
      />
    </div>`;
  }

  #renderRunning({ phase, share }: BenchProgress, abort: AbortController): TemplateResult {
    return html`<div class="panel running" data-testid="bench-running" data-phase=${phase}>
      <p aria-live="polite">${strings.phase[phase]}…</p>
      ${
        share === undefined
          ? html`<progress aria-label=${strings.phase[phase]}></progress>`
          : html`<progress aria-label=${strings.phase[phase]} max="1" value=${share}></progress>`
      }
      <button
        class="secondary"
        data-testid="bench-stop"
        @click=${() => {
          abort.abort();
        }}
      >
        ${strings.stop}
      </button>
    </div>`;
  }

  #renderFailure(error: LinnetError): TemplateResult {
    const failure = pageStrings.failure[error.name];
    return html`<div class="panel problem" data-testid="bench-problem" data-error=${error.name}>
      <h2>${strings.failed}</h2>
      <p><strong>${failure.title}</strong></p>
      <p>${failure.advice}</p>
      <p class="small muted">${error.message}</p>
    </div>`;
  }

  get choice(): BenchChoice | undefined {
    return this.choices.find(({ id }) => id === this.chosen) ?? this.choices[0];
  }

  async #offerModels(): Promise<void> {
    const [kept, catalogue] = await Promise.all([this.client.listCached().catch(() => []), fetchCatalogue()]);
    this.choices = [...this.choices, ...keptChoices(kept), ...catalogueChoices(catalogue, document.baseURI)];
  }

  readonly #start = (event: Event): void => {
    event.preventDefault();
    const { choice } = this;
    if (choice !== undefined && this.run.kind !== 'running') void this.#measure(choice);
  };

  async #measure({ source }: BenchChoice): Promise<void> {
    const abort = new AbortController();
    const onProgress = (progress: BenchProgress): void => {
      if (!abort.signal.aborted) this.run = { kind: 'running', progress, abort };
    };
    const { client, settings } = this;
    try {
      const result = await runBench({
        client,
        source,
        settings,
        signal: abort.signal,
        onProgress,
        now: () => new Date(),
        userAgent: navigator.userAgent,
      });
      this.run = { kind: 'done', result };
    } catch (thrown) {
      const error = toLinnetError(thrown);
      this.run = error.name === 'Aborted' ? { kind: 'choosing' } : { kind: 'failed', error };
    }
  }

  readonly #onModel = (event: Event): void => {
    if (event.target instanceof HTMLSelectElement) this.chosen = event.target.value;
  };

  readonly #openPicker = (): void => {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click();
  };

  readonly #onFile = (event: Event): void => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const file = event.target.files?.[0];
    event.target.value = '';
    if (file === undefined) return;
    const choice = fileChoice(file);
    this.choices = [choice, ...this.choices.filter(({ id }) => id !== choice.id)];
    this.chosen = choice.id;
  };
}

customElements.define('linnet-bench', LinnetBench);

/** The curated list; without it kept models and files can still be measured. */
async function fetchCatalogue(): Promise<readonly CatalogueModel[]> {
  try {
    const response = await fetch(new URL('models.json', document.baseURI));
    return response.ok ? parseCatalogue(await response.json()) : [];
  } catch {
    return [];
  }
}
