/**
 * The kernels that carry a state from row to row, by their checks: two sequences in a step, one of which goes on from a state,
 * states kept behind several rows, in place and elsewhere; what is no row and no kept slot stays as it is.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { planted } from '../testing/values.ts';
import { causalConvCheck } from '../vectors/conv-check.ts';
import { deltaRuleCheck } from '../vectors/delta-check.ts';
import { normPartsCheck } from '../vectors/norm-parts-check.ts';
import { ssmScanCheck } from '../vectors/scan-check.ts';
import { causalConv } from './causal-conv.ts';
import { deltaRule } from './delta-rule.ts';
import { normParts } from './norm-parts.ts';
import { ssmScan } from './ssm-scan.ts';

describeOnAdapters((runner) => {
  it.for(['gated', 'silu'] as const)('causal_conv_f32 %s', async (kind) => {
    expect(await runner().problemOf(causalConvCheck(causalConv(3, kind)))).toBeUndefined();
  });

  it.for(['heads', 'channels'] as const)('ssm_scan_f32 %s', async (kind) => {
    expect(await runner().problemOf(ssmScanCheck(ssmScan(8, kind)))).toBeUndefined();
  });

  it.for([8, 20])('delta_rule_f32 of heads of %i', async (headSize) => {
    expect(await runner().problemOf(deltaRuleCheck(deltaRule(headSize)))).toBeUndefined();
  });

  it('norm_parts_f32', async () => {
    expect(await runner().problemOf(normPartsCheck(normParts))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['seen[k] = seen[k + 1u]', 'seen[k] = input'],
    ['span.from_slot != NO_SLOT', 'false'],
    ['if (slot != NO_SLOT)', 'if (slot == 0u)'],
    ['+ 2u * params.num_channels', '+ params.num_channels'],
  ])('finds a mistake planted in the convolution: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(causalConv(3, 'gated'), right, wrong);
    expect(await runner().problemOf(causalConvCheck(kernel))).toMatchObject({ kind: 'wrong' });
  });

  it.for<readonly [string, string]>([
    ['span.from_slot != NO_SLOT', 'false'],
    ['fma(t, sum, 1.0 / 3.0)', 'fma(t, sum, 0.3)'],
    ['exp(delta * constants[head_of(c)])', 'exp(constants[head_of(c)])'],
    ['group * STATE', '0u'],
    ['fma(skip, u, ', '(0.0 + '],
  ])('finds a mistake planted in the scan: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(ssmScan(8, 'heads'), right, wrong);
    expect(await runner().problemOf(ssmScanCheck(kernel))).toMatchObject({ kind: 'wrong' });
  });

  it.for<readonly [string, string]>([
    ['m[i] *= g;', ''],
    ['span.from_slot != NO_SLOT', 'false'],
    ['head % params.num_key_heads', 'head / per_key'],
    ['gate = key_head * per_key + head', 'gate = head'],
    ['* beta;', ';'],
    ['* params.scale', ''],
  ])('finds a mistake planted in the delta rule: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(deltaRule(8), right, wrong);
    expect(await runner().problemOf(deltaRuleCheck(kernel))).toMatchObject({ kind: 'wrong' });
  });

  it.for<readonly [string, string]>([
    ['params.kind == 1u', 'params.kind == 2u'],
    ['max(sqrt(sum), params.eps)', 'sqrt(sum)'],
    ['wid.x * params.weight_stride', '0u'],
    ['params.gate_offset + first', 'first'],
  ])('finds a mistake planted in the norms of parts: %s -> %s', async ([right, wrong]) => {
    const kernel = planted(normParts, right, wrong);
    expect(await runner().problemOf(normPartsCheck(kernel))).toMatchObject({ kind: 'wrong' });
  });
});
