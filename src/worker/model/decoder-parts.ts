/** What the operations of one model's forward pass work on. Knows no operation. */
import type { ModelConfig } from './config.ts';
import type { PlannedModel } from './decoder-tensors.ts';
import type { KvPool } from './kv-pool.ts';
import type { OpBuilder } from './ops.ts';
import type { StatePool } from './recurrent/state-pool.ts';
import type { Scratch } from './scratch.ts';
import type { ModelSizes } from './sizes.ts';
import type { WeightStore } from './weight-store.ts';

export interface DecoderParts {
  readonly ops: OpBuilder;
  readonly model: PlannedModel;
  readonly store: WeightStore;
  readonly cache: KvPool;
  readonly states: StatePool | undefined;
  readonly scratch: Scratch;
  readonly config: ModelConfig;
  readonly sizes: ModelSizes;
}
