/** What an architecture is to the runtime: a file of this folder exports one or more of these. */
import type { ModelConfig, ModelKeys } from '../config.ts';
import type { DecoderTensors, Forward } from '../decoder-tensors.ts';

export interface Family {
  /** `general.architecture` */
  readonly architecture: string;
  /** Models people know, for the table of the README. */
  readonly models: string;
  /**
   * What the metadata mean.
   * @throws UnsupportedArchitecture for what this family's graph here does not do; GgufInvalid naming a key
   */
  config(keys: ModelKeys): ModelConfig;
  /**
   * Finds every tensor, and says how a step goes.
   * @throws MissingTensor, GgufInvalid, UnsupportedTensorType, LimitExceeded
   */
  plan(tensors: DecoderTensors): Forward;
}
