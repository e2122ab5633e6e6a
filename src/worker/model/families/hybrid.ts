/** What hybrids share: norm, attention or a block with a state + residual; norm, feed-forward + residual. */
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
  const layers = tensors.layers((layer) => {
    return {
      norm: layer.norm('attn_norm'),
      block:
        layer.config.hasState === true
          ? ({ kind: 'mixer', tensors: layer.mixer() } as const)
          : ({ kind: 'attention', tensors: layer.attention(options) } as const),
      ffnNorm: layer.norm(ffnNorm),
      feedForward: layer.feedForward(),
    };
  });
  const outputNorm = tensors.outputNorm('rms', options.outputNorm);
  return (step) => {
    step.embed();
    for (const { norm, block, ffnNorm: behind, feedForward } of layers) {
      const input = step.norm(norm);
      if (block.kind === 'mixer') step.mix(block.tensors, input);
      else step.attention(block.tensors, input);
      step.feedForward(feedForward, step.norm(behind));
    }
    step.head(outputNorm);
  };
}
