/** What a generation below OpenAI's shapes is told, and the answer that it gives. Types only. */
import type { GenerateRequest, GenerationEvent, GenerationResult } from '../../worker/api.ts';
import type { CallOptions } from '../client.ts';

/** What a generation may be told, besides its input. */
export type GenerateOptions = CallOptions &
  Omit<GenerateRequest, 'client' | 'request' | 'model' | 'input'> & {
    /** Told what the generation says while it runs, in batches. */
    readonly onEvents?: (events: readonly GenerationEvent[]) => void;
  };

/**
 * An answer while it is written: iterate it for the text, piece by piece, or await `result` for all of it. Leaving the loop
 * early aborts the generation. Iterate it once.
 */
export interface Answer extends AsyncIterable<string> {
  /** Rejects with a LinnetError; resolves with `finishReason: 'aborted'` when it was aborted. */
  readonly result: Promise<GenerationResult>;
}
