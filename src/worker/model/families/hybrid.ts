/**
 * What hybrids share: norm, attention or a block with a state + residual; norm, feed-forward (experts where a layer has a router)
 * + residual.
 */
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';
import type { QkNormKind } from '../norm-ops.ts';

export interface HybridOptions {
  readonly qkNorm?: QkNormKind;
  /** Of the feed-forward; default: ffn_norm. */
  readonly ffnNorm?: string;
  /** The last; default: output_norm. */
  readonly outputNorm?: string;
}

export function hybrid(tensors: DecoderTensors, options: HybridOptions = {}): Forward {
  const { ffnNorm = 'ffn_norm' } = options;
  const hasExperts = tensors.config.experts !== undefined;
  const layers = tensors.layers((layer) => {
    return {
      norm: layer.norm('attn_norm'),
      block:
        layer.config.hasState === true
          ? ({ kind: 'mixer', tensors: layer.mixer() } as const)
          : ({ kind: 'attention', tensors: layer.attention(options) } as const),
      ffnNorm: layer.norm(ffnNorm),
      mlp: hasExperts && layer.has('ffn_gate_inp.weight') ? layer.experts() : layer.feedForward(),
    };
  });
  const outputNorm = tensors.outputNorm('rms', options.outputNorm);
  return (step) => {
    step.embed();
    for (const { norm, block, ffnNorm: behind, mlp } of layers) {
      const input = step.norm(norm);
      if (block.kind === 'mixer') step.mix(block.tensors, input);
      else step.attention(block.tensors, input);
      if ('router' in mlp) step.experts(mlp, step.norm(behind, { apart: true }));
      else step.feedForward(mlp, step.norm(behind));
    }
    step.head(outputNorm);
  };
}
