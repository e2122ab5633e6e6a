/** What the page around an embedded chat is told, read off two states of the app, one after the other. Pure. */
import type { FinishReason } from '../../worker/api.ts';
import type { Failure } from '../errors.ts';
import type { AppState } from '../state/app-state.ts';

export type EmbedEvent =
  /** A model can answer. */
  | { readonly type: 'linnet-ready'; readonly detail: { readonly model: string } }
  /** A question was asked, or an answer is whole. */
  | {
      readonly type: 'linnet-message';
      readonly detail:
        | { readonly role: 'user'; readonly text: string }
        | { readonly role: 'assistant'; readonly text: string; readonly finishReason: FinishReason };
    }
  /** `detail.name` is one of the closed list of error names. */
  | { readonly type: 'linnet-error'; readonly detail: Failure };

export function eventsBetween(before: AppState, after: AppState): readonly EmbedEvent[] {
  return [...phaseEvents(before, after), ...turnEvents(before, after)];
}

function phaseEvents({ phase: before }: AppState, { phase }: AppState): readonly EmbedEvent[] {
  if (phase === before) return [];
  switch (phase.kind) {
    case 'ready': {
      const isSame = 'loaded' in before && before.loaded === phase.model;
      return isSame ? [] : [{ type: 'linnet-ready', detail: { model: phase.model.inspection.name } }];
    }
    case 'failed':
    case 'workerLost':
      return [{ type: 'linnet-error', detail: phase.failure }];
    case 'noWebGpu':
      return [{ type: 'linnet-error', detail: { name: 'NoWebGpu', message: phase.reason } }];
    case 'starting':
    case 'choosing':
    case 'inspecting':
    case 'consent':
    case 'loading':
      return [];
  }
}

function turnEvents({ conversation: before }: AppState, { conversation: after }: AppState): readonly EmbedEvent[] {
  if (after === before || after.id !== before.id) return [];
  const known = new Map(before.turns.map((turn) => [turn.id, turn]));
  return after.turns.flatMap((turn): readonly EmbedEvent[] => {
    const old = known.get(turn.id);
    // A version that was set aside and is shown again is older than the newest turn that there was.
    if (old === undefined && turn.id < before.nextTurnId) return [];
    if (turn.kind === 'user') {
      return old === undefined ? [{ type: 'linnet-message', detail: { role: 'user', text: turn.text } }] : [];
    }
    const ended = old?.kind === 'assistant' && old.answer.status === 'streaming' ? turn.answer : undefined;
    if (ended?.status === 'failed') return [{ type: 'linnet-error', detail: ended.failure }];
    if (ended?.status !== 'done') return [];
    const { finishReason } = ended;
    return [{ type: 'linnet-message', detail: { role: 'assistant', text: turn.text, finishReason } }];
  });
}
