/** The fields of every uniform struct, as the shaders declare them, are those that the specs name, in the same order. */
import { expect, it } from 'vitest';
import {
  ALTUP_PARAMS,
  altupCoefficients,
  altupCorrect,
  altupPredict,
  COEFFICIENT_PARAMS,
  MATCH_PARAMS,
  matchLength,
  SPARSIFY_PARAMS,
  sparsify,
} from './altup/altup.ts';
import { attentionFlash, attentionReduce, attentionRows, attentionSplit } from './attention/attention.ts';
import { FLASH_PARAMS, LATENT_PARAMS, latentJoin, REDUCE_PARAMS, SPLIT_PARAMS } from './attention/attention.ts';
import { F32 } from './blocks/f32.ts';
import {
  activate,
  ACTIVATE_PARAMS,
  GATED_MUL_PARAMS,
  gatedMul,
  SIGMOID_MUL_PARAMS,
  sigmoidMul,
} from './elementwise/gated-mul.ts';
import { embed, EMBED_PARAMS } from './embed/embed.ts';
import {
  EXPERT_PARAMS,
  EXPERT_SUM_PARAMS,
  EXPERT_TILES_PARAMS,
  expertGemm,
  expertGemv,
  expertSum,
  expertTiles,
  route,
  ROUTE_PARAMS,
} from './experts/experts.ts';
import { HADAMARD_PARAMS, hadamard } from './hadamard/hadamard.ts';
import type { Kernel } from './kernel.ts';
import { LINEAR_PARAMS, linearGemm, linearGemv } from './linear/linear.ts';
import { GATE_PART_PARAMS, gatePart, SCALED_SUM_PARAMS, scaledSum } from './elementwise/scaled-sum.ts';
import { SOFTCAP_PARAMS, softcap } from './elementwise/softcap.ts';
import { LAYER_NORM_PARAMS, layerNorm, NORM_PARAMS, QK_NORM_PARAMS, qkNorm, rmsNorm } from './norm/norm.ts';
import { POOL_PARAMS, poolRows } from './pool/pool.ts';
import { PROBE_PARAMS, probeFma } from './probe/probe.ts';
import {
  GATED_MUL_INT8_PARAMS,
  gatedMulInt8,
  NORM_INT8_PARAMS,
  QUANTISE_PARAMS,
  quantiseRows,
  rmsNormInt8,
} from './quantise/quantise.ts';
import { CAUSAL_CONV_PARAMS, causalConv } from './recurrent/causal-conv.ts';
import { DELTA_RULE_PARAMS, deltaRule } from './recurrent/delta-rule.ts';
import { NORM_PARTS_PARAMS, normParts } from './recurrent/norm-parts.ts';
import { SSM_SCAN_PARAMS, ssmScan } from './recurrent/ssm-scan.ts';
import { TOKEN_SHIFT_PARAMS, tokenShift } from './recurrent/token-shift.ts';
import {
  wkv,
  WKV_INPUTS_PARAMS,
  WKV_OUT_PARAMS,
  WKV_PARAMS,
  WKV_RANKS_PARAMS,
  wkvInputs,
  wkvOut,
  wkvRanks,
} from './recurrent/wkv.ts';
import { ROPE_PARAMS, ropeAppend } from './rope/rope.ts';

/** The fields that are numbers with a point; all others are u32. */
const FLOATS = new Set(['scale', 'eps', 'factor', 'addend', 'softcap']);

const SPECS: readonly (readonly [Kernel, readonly string[]])[] = [
  [embed(F32), EMBED_PARAMS],
  [linearGemm(F32, 'tiled'), LINEAR_PARAMS],
  [linearGemm(F32, 'rows'), LINEAR_PARAMS],
  [linearGemv(F32, 'lanes', 'normed', { software: false }), LINEAR_PARAMS],
  [rmsNorm, NORM_PARAMS],
  [qkNorm, QK_NORM_PARAMS],
  [layerNorm, LAYER_NORM_PARAMS],
  [softcap, SOFTCAP_PARAMS],
  [scaledSum, SCALED_SUM_PARAMS],
  [gatePart('gelu'), GATE_PART_PARAMS],
  [ropeAppend('f32', 64), ROPE_PARAMS],
  [ropeAppend('q8_0', 64), ROPE_PARAMS],
  [hadamard(64), HADAMARD_PARAMS],
  [causalConv(3, 'gated'), CAUSAL_CONV_PARAMS],
  [deltaRule(32), DELTA_RULE_PARAMS],
  [ssmScan(32, 'heads'), SSM_SCAN_PARAMS],
  [normParts, NORM_PARTS_PARAMS],
  [tokenShift(6), TOKEN_SHIFT_PARAMS],
  [wkvRanks, WKV_RANKS_PARAMS],
  [wkvInputs, WKV_INPUTS_PARAMS],
  [wkv(32), WKV_PARAMS],
  [wkvOut, WKV_OUT_PARAMS],
  [sigmoidMul, SIGMOID_MUL_PARAMS],
  [attentionSplit('f32', 64, 1, 128), SPLIT_PARAMS],
  [attentionReduce, REDUCE_PARAMS],
  [attentionFlash('f32', 64), FLASH_PARAMS],
  [attentionRows('f32'), FLASH_PARAMS],
  [latentJoin, LATENT_PARAMS],
  [gatedMul('silu'), GATED_MUL_PARAMS],
  [quantiseRows, QUANTISE_PARAMS],
  [rmsNormInt8, NORM_INT8_PARAMS],
  [gatedMulInt8('silu'), GATED_MUL_INT8_PARAMS],
  [activate('gelu'), ACTIVATE_PARAMS],
  [route, ROUTE_PARAMS],
  [expertTiles, EXPERT_TILES_PARAMS],
  [expertGemm(F32, 'tiled'), EXPERT_PARAMS],
  [expertGemv(F32, 'rows', { software: true }), EXPERT_PARAMS],
  [expertSum, EXPERT_SUM_PARAMS],
  [poolRows, POOL_PARAMS],
  [altupCoefficients, COEFFICIENT_PARAMS],
  [altupPredict, ALTUP_PARAMS],
  [altupCorrect, ALTUP_PARAMS],
  [matchLength, MATCH_PARAMS],
  [sparsify, SPARSIFY_PARAMS],
  [probeFma, PROBE_PARAMS],
];

it.each(SPECS.map(([kernel, fields]) => ({ name: kernel.name, kernel, fields })))('$name', ({ kernel, fields }) => {
  const [, struct = ''] = /var<uniform> params: (\w+);/.exec(kernel.code) ?? [];
  const [, body = ''] = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(kernel.code.replaceAll(/\/\/.*/g, '')) ?? [];
  const declared = [...body.matchAll(/(\w+): (\w+)/g)].map(([, field, type]) => `${String(field)}: ${String(type)}`);
  expect(declared).toEqual(fields.map((field) => `${field}: ${FLOATS.has(field) ? 'f32' : 'u32'}`));
});
