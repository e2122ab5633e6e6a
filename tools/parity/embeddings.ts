/**
 * The golden of an encoder: vectors of its texts, one by one or all in one step. Knows no command line.
 */
import { join } from 'node:path';
import { Embedder } from '../../src/worker/serving/embedder.ts';
import { readGgufHeader } from '../../src/worker/loading/gguf-header.ts';
import { encoderSizes } from '../../src/worker/model/sizes.ts';
import { ModelRunner, planModel } from '../../src/worker/model/runner.ts';
import { tokenId } from '../../src/worker/tokens.ts';
import { nodeFileSource } from '../node/file-source.ts';
import type { ParityOptions } from './arguments.ts';
import type { Outcome } from './compare.ts';
import { openParityGpu } from './gpu.ts';
import { Difference, EMBEDDING_LIMITS, type EmbeddingGolden } from './golden.ts';

/** @throws the runtime's named errors for a model it refuses */
export async function compareEmbeddings(
  options: Omit<ParityOptions, 'filter'>,
  golden: EmbeddingGolden,
): Promise<Outcome> {
  const source = await nodeFileSource(join(options.models, golden.model));
  const gpu = await openParityGpu(options);
  try {
    const file = await readGgufHeader(source);
    const contextLength = Math.max(...golden.prompts.map((prompt) => prompt.ids.length));
    const together = options.batch === 1 ? 1 : golden.prompts.length;
    const sizes = encoderSizes(contextLength, together);
    const plan = planModel(file, gpu, sizes);
    const embedder = new Embedder(await ModelRunner.create(gpu, source, plan, options.variants));
    const texts = golden.prompts.map((prompt) => prompt.ids.map((id) => tokenId(id)));
    const vectors = await embedder.embed(texts);
    const difference = new Difference();
    golden.prompts.forEach(({ exact }, i) => {
      const vector = vectors[i];
      exact.vector.forEach((expected, element) => {
        difference.add(vector?.[element] ?? NaN, expected);
      });
      // A vector that is longer than it should be is as wrong.
      if (vector?.length !== exact.vector.length) difference.add(NaN, 0);
    });
    const { rms, max } = EMBEDDING_LIMITS;
    const passed = difference.rms <= rms && difference.max <= max && difference.count > 0;
    return { difference, limits: EMBEDDING_LIMITS, numSteps: 0, numWrong: 0, passed };
  } finally {
    await source.close();
    gpu.destroy();
  }
}
