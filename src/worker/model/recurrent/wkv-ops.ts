/**
 * The operations of RWKV 7's layers that are no products, as dispatches: those that carry a state from row to row walk all rows of
 * every sequence of a step in one. Knows nothing of tensors' names or of layers.
 */
import { tokenShift } from '../../../shaders/recurrent/token-shift.ts';
import { wkv, wkvInputs, wkvOut, wkvRanks } from '../../../shaders/recurrent/wkv.ts';
import type { StepShape } from '../../gpu/dispatch.ts';
import type { BufferRange } from '../../gpu/gpu.ts';
import type { AddDispatch } from '../linear-dispatch.ts';
import type { StepInputs } from '../step-inputs.ts';
import type { WkvConfig } from './config.ts';
import type { RowRange } from './ops.ts';

/** Epsilon of the norm of what heads read, which no key of a file says (https://arxiv.org/abs/2503.14456). */
const HEAD_NORM_EPS = 64e-5;

const numRows = ({ numPrompt, numGenerated }: StepShape) => numPrompt + numGenerated;

export class WkvOps {
  readonly #add: AddDispatch;
  readonly #inputs: StepInputs;

  constructor(add: AddDispatch, inputs: StepInputs) {
    this.#add = add;
    this.#inputs = inputs;
  }

  /** out[mix] = x + lerp[mix] * (the row before - x); the last row is in `last`. `partFloats`: from a mix to the next. */
  tokenShift(
    { channels, numMixes }: { readonly channels: number; readonly numMixes: number },
    lerp: BufferRange,
    x: RowRange,
    last: BufferRange,
    out: RowRange & { readonly partFloats: number },
  ): void {
    const { spans, rowSlots } = this.#inputs;
    this.#add(
      tokenShift(numMixes),
      [channels, x.stride, out.stride, out.partFloats],
      (_step, params) => [params, spans, rowSlots, lerp, x.range, last, out.range],
      (shape) => [Math.ceil(channels / 64), shape.numSequences, 1],
      { multiplyAdds: (shape) => numRows(shape) * channels * numMixes },
    );
  }

  /** decay = tanh(decay), gate = sigmoid(gate), in place. */
  ranks({ ranks }: WkvConfig, decay: RowRange, gate: RowRange): void {
    this.#add(
      wkvRanks,
      [ranks.decay / 4, decay.stride / 4, ranks.gate / 4, gate.stride / 4],
      (step, params) => [step, params, decay.range, gate.range],
      (shape) => [Math.ceil(Math.max(ranks.decay, ranks.gate) / 256), numRows(shape), 1],
    );
  }

  /** What the recurrence takes, of rows of products in place. `firstValues`: kept of the first layer, read by the others. */
  inputs(
    { channels, headSize }: WkvConfig,
    constants: BufferRange,
    rows: RowRange,
    firstValues: RowRange,
    keepsValues: boolean,
  ): void {
    this.#add(
      wkvInputs,
      [channels / 4, headSize / 4, rows.stride / 4, firstValues.stride / 4, keepsValues ? 1 : 0],
      (_step, params) => [params, constants, rows.range, firstValues.range],
      (shape) => [channels / headSize, numRows(shape), 1],
    );
  }

  /** out = what the receptances read of the state. */
  recurrence({ channels, headSize }: WkvConfig, rows: RowRange, state: BufferRange, out: RowRange): void {
    const { spans, rowSlots } = this.#inputs;
    this.#add(
      wkv(headSize),
      [channels, rows.stride / 4, out.stride],
      (_step, params) => [params, spans, rowSlots, rows.range, state, out.range],
      (shape) => [Math.ceil(channels / 64), shape.numSequences, 1],
      // What the key finds, what is forgotten, what is taken away and put in, what the receptance finds.
      { multiplyAdds: (shape) => numRows(shape) * channels * headSize * 5 },
    );
  }

  /** x = (norm(x) by heads + bonus) * gate, in place. */
  outputs({ channels, headSize }: WkvConfig, constants: BufferRange, rows: RowRange, x: RowRange): void {
    this.#add(
      wkvOut,
      [channels / 4, headSize / 4, rows.stride / 4, x.stride / 4, { f32: HEAD_NORM_EPS }],
      (_step, params) => [params, constants, rows.range, x.range],
      (shape) => [channels / headSize, numRows(shape), 1],
    );
  }
}
