/** A loaded model as what it is asked to be, or an error that says what it is instead. */
import { LinnetError } from './errors.ts';
import type { Loaded } from './loading/load-model.ts';
import type { EmbeddingSession } from './serving/embedding-session.ts';
import type { ModelSession } from './serving/model-session.ts';

/** @throws InvalidRequest */
export function generating({ session }: Loaded): ModelSession {
  if (session.kind === 'generation') return session;
  throw new LinnetError(
    'InvalidRequest',
    `This model (${session.runner.plan.config.architecture}) makes embeddings and generates no text: call embed, or load another model.`,
  );
}

/** @throws InvalidRequest */
export function embedding({ session }: Loaded): EmbeddingSession {
  if (session.kind === 'embedding') return session;
  throw new LinnetError(
    'InvalidRequest',
    `This model (${session.runner.plan.config.architecture}) generates text and makes no embeddings: call generate, or load an embedding model.`,
  );
}
