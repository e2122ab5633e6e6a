/**
 * The operations of blocks with a state, as dispatches: those that carry a state from row to row walk all rows of every sequence
 * of a step in one. Knows nothing of tensors' names or of layers.
 */
import { causalConv, type ConvKind } from '../../../shaders/recurrent/causal-conv.ts';
import { deltaRule } from '../../../shaders/recurrent/delta-rule.ts';
import { normParts, PART_NORMS, type PartNorm } from '../../../shaders/recurrent/norm-parts.ts';
import { ssmScan } from '../../../shaders/recurrent/ssm-scan.ts';
import type { StepShape } from '../../gpu/dispatch.ts';
import type { BufferRange } from '../../gpu/gpu.ts';
import type { AddDispatch } from '../linear-dispatch.ts';
import type { StepInputs } from '../step-inputs.ts';
import type { ChannelScanConfig, DeltaNetConfig, HeadScanConfig } from './config.ts';

/** Rows of activations, `stride` floats each, of which those from `offset` on are meant. */
export interface RowRange {
  readonly range: BufferRange;
  readonly stride: number;
  readonly offset: number;
}

export interface ConvShape {
  readonly kind: ConvKind;
  readonly channels: number;
  readonly taps: number;
}

export interface PartsToNorm {
  readonly kind: PartNorm;
  readonly numParts: number;
  readonly partSize: number;
  readonly eps: number;
  /** [partSize] for all parts, or with `ownWeights` [numParts][partSize]. */
  readonly weight?: BufferRange;
  readonly ownWeights?: boolean;
  /** Rows whose silu the result is multiplied with. */
  readonly gate?: RowRange;
}

export class RecurrentOps {
  readonly #add: AddDispatch;
  readonly #inputs: StepInputs;

  constructor(add: AddDispatch, inputs: StepInputs) {
    this.#add = add;
    this.#inputs = inputs;
  }

  /** out = silu(conv(x) + bias), or c * conv(b * x) of b | c | x; the last inputs are in `tail`. */
  causalConv(
    { kind, channels, taps }: ConvShape,
    { weight, bias }: { readonly weight: BufferRange; readonly bias?: BufferRange | undefined },
    x: RowRange,
    tail: BufferRange,
    out: RowRange,
  ): void {
    const { spans, rowSlots } = this.#inputs;
    this.#add(
      causalConv(taps, kind),
      [channels, x.stride, x.offset, out.stride, bias === undefined ? 0 : 1],
      (_step, params) => [params, spans, rowSlots, weight, bias ?? weight, x.range, tail, out.range],
      (shape) => [Math.ceil(channels / 64), shape.numSequences, 1],
      { multiplyAdds: (shape) => rowsOf(shape) * channels * taps },
    );
  }

  /** Parts of rows that lie side by side, normed in place. */
  normParts(x: RowRange, { kind, numParts, partSize, eps, weight, ownWeights = false, gate }: PartsToNorm): void {
    // What is not used is bound to something that is only read.
    const unused = this.#inputs.rows;
    this.#add(
      normParts,
      [
        PART_NORMS.indexOf(kind),
        partSize / 4,
        x.stride / 4,
        x.offset / 4,
        ownWeights ? partSize / 4 : 0,
        weight === undefined ? 0 : 1,
        gate === undefined ? 0 : 1,
        (gate?.stride ?? 0) / 4,
        (gate?.offset ?? 0) / 4,
        { f32: eps },
      ],
      (_step, params) => [params, weight ?? unused, gate?.range ?? unused, x.range],
      (shape) => [numParts, rowsOf(shape), 1],
    );
  }

  /** out = what the queries read of the state, by the gated delta rule. `gates`: from its offset on betas, then alphas. */
  deltaRule(
    { headSize, numKeyHeads, numValueHeads, pairing }: DeltaNetConfig,
    decay: BufferRange,
    qkv: RowRange,
    gates: RowRange,
    state: BufferRange,
    out: RowRange,
  ): void {
    const { spans, rowSlots } = this.#inputs;
    const isInterleaved = pairing === 'interleaved';
    // Of neighbours the betas of a key head stand before its alphas.
    const alphas = isInterleaved ? numValueHeads : numValueHeads / numKeyHeads;
    this.#add(
      deltaRule(headSize),
      [
        numKeyHeads,
        numValueHeads,
        qkv.stride,
        gates.stride,
        gates.offset,
        gates.offset + alphas,
        isInterleaved ? 1 : 0,
        out.stride,
        { f32: 1 / Math.sqrt(headSize) },
      ],
      (_step, params) => [params, spans, rowSlots, qkv.range, gates.range, decay, state, out.range],
      (shape) => [Math.ceil((numValueHeads * headSize) / 64), shape.numSequences, 1],
      // Forgetting, what the key finds, what is learned, what the query finds.
      { multiplyAdds: (shape) => rowsOf(shape) * numValueHeads * headSize * headSize * 4 },
    );
  }

  /** out = (scan of x + skip * x) * silu(gate). `delta`: step sizes among the rows of gates; with `channelScan` in `selected`. */
  scan(
    shape: HeadScanConfig | ChannelScanConfig,
    constants: BufferRange,
    { x, gate, delta }: { readonly x: RowRange; readonly gate: RowRange; readonly delta: RowRange },
    state: BufferRange,
    out: RowRange,
  ): void {
    const { spans, rowSlots } = this.#inputs;
    const { innerSize, stateSize } = shape;
    const byHeads = shape.kind === 'headScan';
    const [numHeads, numGroups] = byHeads ? [shape.numHeads, shape.numGroups] : [innerSize, 1];
    this.#add(
      ssmScan(stateSize, byHeads ? 'heads' : 'channels'),
      [innerSize, numHeads, numGroups, x.stride, gate.stride, gate.offset, delta.stride, delta.offset, out.stride],
      (_step, params) => [
        params,
        spans,
        rowSlots,
        x.range,
        gate.range,
        constants,
        state,
        out.range,
        ...(byHeads ? [] : [delta.range]),
      ],
      (step) => [Math.ceil(innerSize / 64), step.numSequences, 1],
      // Forgetting with what is added, and what is read; a decay for each element or for a head.
      { multiplyAdds: (step) => rowsOf(step) * innerSize * stateSize * (byHeads ? 2 : 3) },
    );
  }
}

function rowsOf({ numPrompt, numGenerated }: StepShape): number {
  return numPrompt + numGenerated;
}
