/**
 * The checks of kernels that come in one variant: which check a kernel has, found by its name, so that whatever a model's plan
 * holds is checked as it is compiled. A kernel without one is named as unchecked. Runs nothing.
 */
import type { Kernel } from '../kernel.ts';
import { ACTIVATIONS, type Activation } from '../elementwise/activation.ts';
import { adjustCheck } from './adjust-check.ts';
import { coefficientsCheck, correctCheck, matchLengthCheck, predictCheck, sparsifyCheck } from './altup-checks.ts';
import type { KernelCheck } from './check.ts';
import { causalConvCheck } from './conv-check.ts';
import { countListCheck, countPickedCheck } from './count-checks.ts';
import { deltaRuleCheck } from './delta-check.ts';
import { activateCheck, gatedMulCheck, hadamardCheck, softcapCheck } from './elementwise-checks.ts';
import { embedCheck } from './embed-check.ts';
import { gatedMulInt8Check, quantiseCheck, rmsNormInt8Check } from './int8-checks.ts';
import { logprobsCheck } from './logprobs-check.ts';
import { layerNormCheck, qkNormCheck, rmsNormCheck } from './norm-checks.ts';
import { normPartsCheck } from './norm-parts-check.ts';
import { poolCheck } from './pool-check.ts';
import { reduceCheck } from './reduce-check.ts';
import { ropeCheck } from './rope-check.ts';
import { expertSumCheck, routeCheck, tilesCheck } from './route-checks.ts';
import { gatePartCheck, latentJoinCheck, scaledSumCheck, sigmoidMulCheck } from './row-checks.ts';
import { groupsCheck, pickCheck } from './sample-checks.ts';
import { ssmScanCheck } from './scan-check.ts';
import { tokenShiftCheck, wkvCheck } from './wkv-check.ts';
import { wkvInputsCheck, wkvOutCheck, wkvRanksCheck } from './wkv-row-checks.ts';

/** A kernel that nothing stands in for. */
export interface SingleSubject {
  readonly op: 'single';
  readonly kernel: Kernel;
  readonly check: () => KernelCheck;
}

type MakeCheck = (kernel: Kernel) => KernelCheck;

const CHECKS: readonly (readonly [name: RegExp, MakeCheck])[] = [
  [/^embed_/, embedCheck],
  [/^rmsnorm_f32$/, rmsNormCheck],
  [/^layernorm_f32$/, layerNormCheck],
  [/^qk_norm_f32$/, qkNormCheck],
  [/^rope_append_/, ropeCheck],
  [/^attention_reduce/, reduceCheck],
  [/^hadamard_/, hadamardCheck],
  [/^softcap_f32$/, softcapCheck],
  [/^quantise_int8$/, quantiseCheck],
  [/^rmsnorm_int8$/, rmsNormInt8Check],
  ...ACTIVATIONS.flatMap((activation) => ofActivation(activation)),
  [/^token_shift_f32_/, tokenShiftCheck],
  [/^wkv_ranks_f32$/, wkvRanksCheck],
  [/^wkv_inputs_f32$/, wkvInputsCheck],
  [/^wkv_f32_/, wkvCheck],
  [/^wkv_out_f32$/, wkvOutCheck],
  [/^sample_groups_/, groupsCheck],
  [/^sample_pick_/, pickCheck],
  [/^sample_adjust_/, adjustCheck],
  [/^sample_count_list_/, countListCheck],
  [/^sample_count_picked_/, countPickedCheck],
  [/^sample_logprobs_/, logprobsCheck],
  [/^expert_route_f32$/, routeCheck],
  [/^expert_tiles_u32$/, tilesCheck],
  [/^expert_sum_f32$/, expertSumCheck],
  [/^causal_conv_f32_/, causalConvCheck],
  [/^ssm_scan_f32_/, ssmScanCheck],
  [/^delta_rule_f32_/, deltaRuleCheck],
  [/^norm_parts_f32$/, normPartsCheck],
  [/^attention_latent_join_f32$/, latentJoinCheck],
  [/^pool_rows_f32$/, poolCheck],
  [/^scaled_sum_f32$/, scaledSumCheck],
  [/^sigmoid_mul_f32$/, sigmoidMulCheck],
  [/^altup_coefficients_f32$/, coefficientsCheck],
  [/^altup_predict_f32$/, predictCheck],
  [/^altup_correct_f32$/, correctCheck],
  [/^match_length_f32$/, matchLengthCheck],
  [/^sparsify_f32$/, sparsifyCheck],
];

function ofActivation(activation: Activation): readonly (readonly [RegExp, MakeCheck])[] {
  return [
    [new RegExp(`^${activation}_mul_f32$`), (kernel) => gatedMulCheck(kernel, activation)],
    [new RegExp(`^${activation}_f32$`), (kernel) => activateCheck(kernel, activation)],
    [new RegExp(`^${activation}_part_f32$`), (kernel) => gatePartCheck(kernel, activation)],
    [new RegExp(`^${activation}_mul_int8$`), (kernel) => gatedMulInt8Check(kernel, activation)],
  ];
}

/** Undefined for a kernel that has no check of this kind. */
export function singleSubject(kernel: Kernel): SingleSubject | undefined {
  const make = CHECKS.find(([name]) => name.test(kernel.name))?.[1];
  return make && { op: 'single', kernel, check: () => make(kernel) };
}
