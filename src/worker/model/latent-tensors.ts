/** The tensors of multi-head latent attention by their roles, and their names and shapes in a file. Reads nothing and allocates nothing. */
import { LinnetError } from '../errors.ts';
import type { LatentTensors } from './forward-step.ts';
import type { LayerSource } from './tensors.ts';

/** @throws Internal without a configuration of it; MissingTensor, GgufInvalid, UnsupportedTensorType, LimitExceeded */
export function planLatent({ planner, config, layer }: LayerSource): LatentTensors {
  const { hiddenSize, numHeads, latent } = config;
  if (latent === undefined) throw new LinnetError('Internal', 'A model without latents was asked for them.');
  const { queryRank, rank, plainDim, ropeDim, valueDim } = latent;
  const name = (part: string) => `blk.${String(layer)}.${part}.weight`;
  const qRows = numHeads * (plainDim + ropeDim);
  const perHead = (part: string, rowElements: number, rows: number) =>
    planner.matrix(
      [planner.reshaped(name(part), [rowElements, rows, numHeads], [rowElements, rows * numHeads])],
      rowElements,
      [rows * numHeads],
    );
  return {
    layer,
    config: latent,
    qDown:
      queryRank === 0
        ? undefined
        : {
            matrix: planner.matrix([name('attn_q_a')], hiddenSize, [queryRank]),
            norm: planner.vector(name('attn_q_a_norm'), queryRank),
          },
    q:
      queryRank === 0
        ? planner.matrix([name('attn_q')], hiddenSize, [qRows])
        : planner.matrix([name('attn_q_b')], queryRank, [qRows]),
    kvDown: planner.matrix([name('attn_kv_a_mqa')], hiddenSize, [rank + ropeDim]),
    kvNorm: planner.vector(name('attn_kv_a_norm'), rank),
    kUp: perHead('attn_k_b', plainDim, rank),
    vUp: perHead('attn_v_b', rank, valueDim),
    o: planner.matrix([name('attn_output')], numHeads * valueDim, [hiddenSize]),
  };
}
