/** AltUp's row operations as dispatches. Knows no layers. */
import {
  altupCoefficients,
  altupCorrect,
  altupPredict,
  ALTUP_STREAMS,
  matchLength,
} from '../../shaders/altup/altup.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import type { AddDispatch } from './linear-ops.ts';
import type { RowBuffers } from './row-buffers.ts';
import type { PlannedVector } from './tensors.ts';

/** `streams` and `predicted` have ALTUP_STREAMS parts. */
export type AltupOp =
  /** out = map tanh(router norm(x) / length of x) */
  | {
      readonly op: 'altupCoefficients';
      readonly x: string;
      readonly norm: PlannedVector; // [hiddenSize]
      readonly router: PlannedVector; // [ALTUP_STREAMS, hiddenSize]
      readonly map: PlannedVector; // [numOut, ALTUP_STREAMS]
      readonly out: string;
    }
  /** predicted[a] = streams[a] + sum_c coefficients[a, c] streams[c]; hidden = predicted[0] */
  | {
      readonly op: 'altupPredict';
      readonly streams: string;
      readonly coefficients: string;
      readonly predicted: string;
    }
  /** streams[a] = predicted[a] + (hidden - predicted[0]) (coefficients[a] + 1); hidden = streams[0] * scale */
  | {
      readonly op: 'altupCorrect';
      readonly streams: string;
      readonly coefficients: string;
      readonly predicted: string;
      readonly scale: PlannedVector; // [hiddenSize]
    }
  /** out (+)= y |x| / |y| * scale */
  | {
      readonly op: 'matchLength';
      readonly x: string;
      readonly y: string;
      readonly out: string;
      readonly addToOut?: boolean;
      readonly scale?: number;
    };

const numRows = (shape: StepShape) => shape.numPrompt + shape.numGenerated;

export function applyAltup(add: AddDispatch, row: AltupOp, buffers: RowBuffers, normEps: number): void {
  switch (row.op) {
    case 'altupCoefficients': {
      const { x, norm, router, map, out } = row;
      const numOut = map.numElements / ALTUP_STREAMS;
      add(
        altupCoefficients,
        [buffers.widthOf(x) / 4, norm.numElements, numOut, buffers.widthOf(out), { f32: normEps }],
        (_step, params) => [
          params,
          buffers.named(x),
          buffers.vector(norm),
          buffers.vector(router),
          buffers.vector(map),
          buffers.named(out),
        ],
        (shape) => [numRows(shape), 1, 1],
      );
      return;
    }
    case 'altupPredict': {
      const { streams, coefficients, predicted } = row;
      const words = buffers.widthOf(streams) / 4;
      add(
        altupPredict,
        [words, buffers.partWordsOf(streams), buffers.widthOf(coefficients)],
        (step, params) => [
          step,
          params,
          ...[streams, coefficients, predicted, 'hidden'].map((name) => buffers.named(name)),
        ],
        (shape) => [Math.ceil(words / 64), numRows(shape), 1],
      );
      return;
    }
    case 'altupCorrect': {
      const { streams, coefficients, predicted, scale } = row;
      const words = buffers.widthOf(streams) / 4;
      add(
        altupCorrect,
        [words, buffers.partWordsOf(streams), buffers.widthOf(coefficients)],
        (step, params) => [
          step,
          params,
          buffers.named(predicted),
          buffers.named(coefficients),
          buffers.vector(scale),
          buffers.named(streams),
          buffers.named('hidden'),
        ],
        (shape) => [Math.ceil(words / 64), numRows(shape), 1],
      );
      return;
    }
    case 'matchLength': {
      const { x, y, out, addToOut = false, scale = 1 } = row;
      add(
        matchLength,
        [buffers.widthOf(x) / 4, addToOut ? 1 : 0, { f32: scale }],
        (_step, params) => [params, buffers.named(x), buffers.named(y), buffers.named(out)],
        (shape) => [numRows(shape), 1, 1],
      );
    }
  }
}
