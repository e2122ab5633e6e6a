/** The tensors of a mixture of experts by their roles, of one layer. Reads nothing and allocates nothing. */
import { LinnetError } from '../errors.ts';
import type { ModelConfig } from './config.ts';
import type { ExpertsTensors, FeedForwardTensors } from './forward-step.ts';
import type { TensorPlanner } from './tensors.ts';

export interface ExpertsLayer {
  readonly planner: TensorPlanner;
  readonly config: ModelConfig;
  /** The whole name of a tensor of the layer. */
  readonly nameOf: (part: string) => string;
}

/**
 * Stacked matrices, gate and up apart or in one tensor; a shared expert, biases and factors where the file has some.
 * @param sharedExpert its feed-forward, of a width
 * @throws Internal without a configuration of experts, and what a TensorPlanner throws
 */
export function planExperts(
  { planner, config, nameOf: name }: ExpertsLayer,
  sharedExpert: (ffnSize: number) => FeedForwardTensors,
): ExpertsTensors {
  const { hiddenSize, experts } = config;
  if (experts === undefined) throw new LinnetError('Internal', 'A model without experts was asked for them.');
  const { numExperts, numUsed, ffnSize, sharedFfnSize } = experts;
  const usedShare = numUsed / numExperts;
  const stacked = (part: string, rowElements: number, rows: number) =>
    planner.reshaped(name(part), [rowElements, rows, numExperts], [rowElements, rows * numExperts]);
  const biases = (part: string, rows: number) => planner.reshaped(name(part), [rows, numExperts], [rows * numExperts]);
  const sharedGate = name('ffn_gate_inp_shexp.weight');
  const gated = planner.has(sharedGate);
  const router = [
    name('ffn_gate_inp.weight'),
    ...(gated ? [planner.reshaped(sharedGate, [hiddenSize], [hiddenSize, 1])] : []),
  ];
  const numRows = numExperts * ffnSize;
  const fused = name('ffn_gate_up_exps.weight');
  const [gate, up] = planner.has(fused)
    ? planner.stackedHalves(fused, hiddenSize, ffnSize, numExperts)
    : [[stacked('ffn_gate_exps.weight', hiddenSize, ffnSize)], [stacked('ffn_up_exps.weight', hiddenSize, ffnSize)]];
  const down = stacked('ffn_down_exps.weight', ffnSize, hiddenSize);
  return {
    router: planner.parts(router, hiddenSize, [numExperts, 1]),
    routerBias: planner.option(name('ffn_gate_inp.bias'), numExperts),
    choiceBias: planner.option(name('exp_probs_b.bias'), numExperts),
    factors: planner.option(name('ffn_down_exps.scale'), numExperts),
    gateUp: planner.pair(gate, up, hiddenSize, numRows, { usedShare }),
    gateUpBias: planner.joined(name('ffn_gate_up_exps.bias'), 2 * numRows, [
      { name: biases('ffn_gate_exps.bias', ffnSize), numElements: numRows, offset: 0 },
      { name: biases('ffn_up_exps.bias', ffnSize), numElements: numRows, offset: numRows },
    ]),
    down: planner.matrix([down], ffnSize, [numExperts * hiddenSize], { usedShare }),
    downBias: planner.option(biases('ffn_down_exps.bias', hiddenSize), numExperts * hiddenSize),
    shared: sharedFfnSize === 0 ? undefined : { feedForward: sharedExpert(sharedFfnSize), gated },
  };
}
