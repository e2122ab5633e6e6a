/** A loaded model as what it is asked to be, or an error that says what it is instead. */
import { LinnetError } from './errors.ts';
import type { Loaded } from './loading/load-model.ts';
import type { EmbeddingSession } from './serving/embedding-session.ts';
import type { HiddenStates } from './serving/hidden-states.ts';
import type { ModelSession } from './serving/model-session.ts';

/** @throws InvalidRequest */
export function generating({ session }: Loaded): ModelSession {
  if (session.kind === 'generation') return session;
  throw new LinnetError(
    'InvalidRequest',
    `This model (${session.runner.plan.config.architecture}) makes embeddings and generates no text: call embed, or load another model.`,
  );
}

/** What makes vectors of texts: every model, in its way. */
export function embedding({ session }: Loaded): EmbeddingSession | HiddenStates {
  return session.kind === 'embedding' ? session : session.hiddenStates;
}
