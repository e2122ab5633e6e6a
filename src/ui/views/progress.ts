/**
 * <linnet-progress>: how far a load is: phase, bytes, rate, time left, and the way out of it.
 */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { LoadProgress } from '../../worker/api.ts';
import type { Actions } from '../state/actions.ts';
import { formatBytes, formatRate, formatRemaining } from '../state/format.ts';
import { strings } from '../strings.ts';
import { bird } from './icons.ts';
import { base, buttons } from './styles.ts';

export class LinnetProgress extends LitElement {
  static override properties = {
    name: { attribute: false },
    progress: { attribute: false },
    actions: { attribute: false },
  };
  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: grid;
        place-items: center;
        padding: 2rem 1.25rem;
      }
      section {
        width: min(30rem, 100%);
        text-align: center;
      }
      section > svg {
        margin: 0 auto 1.1rem;
        animation: hop 2.4s ease-in-out infinite;
      }
      @keyframes hop {
        0%,
        70%,
        100% {
          transform: translateY(0);
        }
        82% {
          transform: translateY(-7px);
        }
      }
      h1 {
        font-size: 1.375rem;
        overflow-wrap: anywhere;
      }
      .phase {
        margin-top: 0.4rem;
        color: var(--muted);
      }
      .track {
        height: 8px;
        border-radius: 4px;
        background: var(--line);
        overflow: hidden;
        margin: 1.5rem 0 0.8rem;
      }
      .track i {
        display: block;
        height: 100%;
        border-radius: 4px;
        background: var(--accent);
        transition: width 200ms linear;
      }
      .track.unknown i {
        width: 30%;
        animation: slide 1.4s ease-in-out infinite alternate;
      }
      @keyframes slide {
        to {
          transform: translateX(233%);
        }
      }
      .numbers {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0.2rem 1rem;
        font-size: 0.9375rem;
        font-variant-numeric: tabular-nums;
        min-height: 1.5em;
      }
      .hint {
        margin: 1.25rem 0;
      }
    `,
  ];

  declare name: string;
  declare progress: LoadProgress | undefined;
  declare actions: Actions;

  override render(): TemplateResult {
    const { progress } = this;
    const phase = progress?.phase ?? 'resolving';
    return html`<section data-testid="progress" data-phase=${phase}>
      ${bird(72)}
      <h1>${strings.loadingModel(this.name)}</h1>
      <p class="phase" role="status">${strings.phase[phase]}</p>
      ${this.#renderBar()}
      <p class="numbers muted">${progress === undefined ? nothing : renderNumbers(progress)}</p>
      <p class="small muted hint">${phase === 'downloading' ? strings.keepOpen : nothing}</p>
      <button class="secondary" data-testid="cancel-button" @click=${this.actions.cancel}>${strings.cancel}</button>
    </section>`;
  }

  #renderBar(): TemplateResult {
    const { progress } = this;
    const total = progress?.totalBytes;
    if (progress === undefined || total === undefined || total === 0) {
      return html`<div class="track unknown" role="progressbar" aria-label=${strings.loadingModel(this.name)}>
        <i></i>
      </div>`;
    }
    const percent = Math.min(100, (progress.doneBytes / total) * 100);
    return html`<div
      class="track"
      role="progressbar"
      aria-label=${strings.loadingModel(this.name)}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.floor(percent)}
    >
      <i .style=${`width:${percent.toFixed(2)}%`}></i>
    </div>`;
  }
}

function renderNumbers(progress: LoadProgress): TemplateResult {
  const { doneBytes, totalBytes, bytesPerSecond, remainingMs } = progress;
  const done =
    totalBytes === undefined
      ? formatBytes(doneBytes)
      : strings.progressOf(formatBytes(doneBytes), formatBytes(totalBytes));
  const pace = [
    bytesPerSecond === undefined ? '' : formatRate(bytesPerSecond),
    remainingMs === undefined ? '' : strings.remaining(formatRemaining(remainingMs)),
  ];
  return html`<span>${done}</span><span>${pace.filter((part) => part !== '').join(' · ')}</span>`;
}

customElements.define('linnet-progress', LinnetProgress);
