/**
 * The states of recurrent layers on the GPU: for every such layer its parts, each a buffer of as many slots as there are. A step
 * reads a sequence's state from one slot and writes what it becomes into another, or into the same; which slot is whose is not
 * known here.
 */
import { LinnetError } from '../../errors.ts';
import type { BufferRange, Gpu, PlanningLimits } from '../../gpu/gpu.ts';
import type { ModelConfig } from '../config.ts';
import { statePartsOf } from './config.ts';

export interface StatePoolPlan {
  /** Layers that have a state. */
  readonly layers: readonly number[];
  readonly parts: readonly number[]; // floats of a slot of each part
  readonly numSlots: number;
  /** Bytes of one slot in all layers. */
  readonly slotBytes: number;
  readonly sizeBytes: number;
}

/** States that are small come in numbers that speculation and many conversations can use; large ones as few as suffice. */
const BUDGET_BYTES = 160 * 2 ** 20;
const MAX_SLOTS = 64;
/** One that a sequence goes on from, one that its prompt or a turn left behind, and as many for a second sequence. */
const MIN_SLOTS = 4;

/** Undefined for a model that has no states. @throws LimitExceeded */
export function planStatePool(
  { layers, recurrent }: Pick<ModelConfig, 'layers' | 'recurrent'>,
  limits: PlanningLimits,
): StatePoolPlan | undefined {
  if (recurrent === undefined) return undefined;
  const parts = statePartsOf(recurrent);
  const recurrentLayers = layers.flatMap((layer, i) => (layer.hasState === true ? [i] : []));
  const slotBytes = recurrentLayers.length * parts.reduce((sum, floats) => sum + floats * 4, 0);
  const largest = Math.max(...parts) * 4;
  const fitting = Math.floor(Math.min(limits.maxBindingBytes, limits.maxBufferBytes) / largest);
  const numSlots = Math.min(fitting, MAX_SLOTS, Math.max(MIN_SLOTS, Math.floor(BUDGET_BYTES / slotBytes)));
  if (numSlots < MIN_SLOTS) {
    throw new LinnetError(
      'LimitExceeded',
      `The state of a layer takes ${String(largest)} bytes, and ${String(MIN_SLOTS)} of them do not fit a binding of this device. Choose a smaller model.`,
    );
  }
  return { layers: recurrentLayers, parts, numSlots, slotBytes, sizeBytes: numSlots * slotBytes };
}

export class StatePool {
  readonly plan: StatePoolPlan;
  readonly #layers: ReadonlyMap<number, readonly BufferRange[]>;

  constructor(gpu: Gpu, plan: StatePoolPlan) {
    const { layers, parts, numSlots } = plan;
    this.plan = plan;
    const partsOf = (layer: number) =>
      parts.map((floats, part) => ({
        buffer: gpu.createStorage(`blk.${String(layer)}.state[${String(part)}]`, numSlots * floats * 4),
      }));
    this.#layers = new Map(layers.map((layer) => [layer, partsOf(layer)]));
  }

  /** One part of a layer's state: [numSlots][floats]. */
  part(layer: number, part: number): BufferRange {
    const range = this.#layers.get(layer)?.[part];
    if (range === undefined) throw new LinnetError('Internal', `Layer ${String(layer)} has no state.`);
    return range;
  }
}
