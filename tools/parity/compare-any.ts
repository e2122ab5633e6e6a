/** A decoder or an encoder against its golden. */
import type { ParityOptions } from './arguments.ts';
import { compareModel, type Outcome } from './compare.ts';
import { compareEmbeddings } from './embeddings.ts';
import { isEmbeddingGolden, type EmbeddingGolden, type Golden } from './golden.ts';

/** @throws the runtime's named errors for a model it refuses */
export function compareAny(options: Omit<ParityOptions, 'filter'>, golden: Golden | EmbeddingGolden): Promise<Outcome> {
  return isEmbeddingGolden(golden) ? compareEmbeddings(options, golden) : compareModel(options, golden);
}
