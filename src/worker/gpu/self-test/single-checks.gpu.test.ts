/**
 * The checks of kernels that nothing stands in for: each passes its own on every adapter, and mistakes planted in each kind are
 * found.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDawn } from '../../../../tools/node/dawn.ts';
import { openTestAdapters } from '../../../../tools/node/test-devices.ts';
import { allKernels } from '../../../shaders/index.ts';
import type { Kernel } from '../../../shaders/kernel.ts';
import { sampleKernels } from '../../../shaders/sample/sample.ts';
import { planted } from '../../../shaders/testing/values.ts';
import { singleSubject } from '../../../shaders/vectors/single-check.ts';
import type { Gpu } from '../gpu.ts';
import { openAdapter } from '../open.ts';
import { runCheck } from './run-check.ts';

/** One vocabulary in one segment, and one in two of which the second is not full; larger ones take the same code. */
const SAMPLERS = [
  { vocabSize: 517, segmentLength: 576, numSegments: 1, workgroupSize: 8 },
  { vocabSize: 9000, segmentLength: 4608, numSegments: 2, workgroupSize: 8 },
  { vocabSize: 9000, segmentLength: 4608, numSegments: 2, workgroupSize: 256 },
] as const;
/** Types differ in `dequant32` alone, which the tests of the gather compare for each: planes with and without scales, a K-quant. */
const isOtherType = (name: string) => name.startsWith('embed_') && !/^embed_(f32|f16|q4_0|q6_k)/.test(name);
const KERNELS: readonly Kernel[] = [
  ...allKernels().filter(({ name }) => !name.startsWith('sample_') && !isOtherType(name)),
  ...SAMPLERS.flatMap((shape) => {
    const { groups, pick, adjust, logprobs, countList, countPicked } = sampleKernels(shape);
    const perSegment = shape.workgroupSize === 8 ? [...groups, ...adjust, ...countList, ...countPicked] : [];
    return [...perSegment, pick, logprobs];
  }),
].filter((kernel) => singleSubject(kernel) !== undefined);

const PLANTED: readonly (readonly [kernel: string, right: string, wrong: string])[] = [
  ['embed_q4_0', 'token - params.first_token < params.num_tokens', 'true'],
  ['embed_q4_0', 'w[i] * params.scale', 'w[i]'],
  ['embed_q4_0', 'gid.x % params.num_groups', '0u'],
  ['rmsnorm_f32', 'f32(params.num_elements)', 'f32(params.num_words * 4u)'],
  ['rmsnorm_f32', ' + params.eps', ''],
  ['rmsnorm_f32', 'return row_index[r]', 'return r'],
  ['rmsnorm_f32', 'fma(v, v, sum)', 'fma(min(v, vec4<f32>(65504.0)), v, sum)'],
  ['qk_norm_f32', 'wid.x >= first_value', 'wid.x > first_value'],
  ['rope_append_f32', 'select(-1.0, 1.0, is_high)', '1.0'],
  ['rope_append_f32', 'e >= params.rot_dim', 'e > params.rot_dim'],
  ['rope_append_f32', 'block - params.first_block < params', 'block < params'],
  ['rope_append_f16', 'slot % params.block_tokens', '(slot + 1u) % params.block_tokens'],
  ['rope_append_f16', ' * query_scale(r)', ''],
  ['rope_append_q8_0_b32', 'hadamard_sign(chunk, j)', '1.0'],
  ['rope_append_q4_0_b16', 'in_page * pairs_per_head + pair', 'in_page * pairs_per_head'],
  ['attention_reduce_f32', 'position / params.chunk + 1u', 'position / params.chunk'],
  ['attention_reduce_f32', 'exp(stats.x - top)', 'exp((stats.x - top) * 1.0001)'],
  ['softcap_f32', 'sign(x)', '1.0'],
  ['silu_mul_f32', 'vec4<f32>(80.0)', 'vec4<f32>(8.0)'],
  ['silu_mul_f32', 'params.with_generated == 1u', 'true'],
  ['gelu_mul_f32', '0.044715 * x, x', '0.044725 * x, x'],
  ['hadamard_q8', 'pairs.xy - pairs.zw', 'pairs.xy + pairs.zw'],
  ['sample_groups_v517_l576_s0', 'id < VOCAB_SIZE', 'true'],
  ['sample_groups_v517_l576_s0', 'max(found.raw_key', 'min(found.raw_key'],
  ['sample_groups_v9000_l4608_s1', 'SEGMENT * SEGMENT_LENGTH + first + step', 'first + step'],
  ['sample_pick_v517_l576_w8', 'score > best ||', 'score < best ||'],
  ['sample_pick_v517_l576_w8', 'ID_LIMIT - id > best_rev', 'ID_LIMIT - id < best_rev'],
  ['sample_pick_v517_l576_w8', 'params.top_k, params.top_p', 'params.top_k + 1u, params.top_p'],
  ['sample_pick_v517_l576_w8', 'row_max + params.min_p_offset', 'row_max - 1e30'],
  ['sample_pick_v9000_l4608_w8', 'place.segment == 0u', 'true'],
  ['sample_pick_v517_l576_w8', 'let target_weight = share', 'let target_weight = 0.999 * share'],
  ['sample_adjust_v517_l576_s0', 'value > 0.0);', 'value < 0.0);'],
  ['sample_adjust_v517_l576_s0', 'params.presence_penalty + f32(generated)', 'f32(generated)'],
  ['sample_adjust_v517_l576_s0', 'count & ~PROMPT_BIT', 'count'],
  ['sample_adjust_v517_l576_s0', '(id % 32u)) & 1u) == 0u', '(id % 32u)) & 1u) == 1u'],
  ['sample_adjust_v517_l576_s0', 'params.mask_offset + id', 'id'],
  ['sample_adjust_v517_l576_s0', 'back < params.num_drafts', 'back + 1u < params.num_drafts'],
  ['sample_adjust_v517_l576_s0', 'rows[row - back].draft', 'rows[row].draft'],
  ['sample_adjust_v517_l576_s0', 'params.slot * SEGMENT_LENGTH + at', 'at'],
  ['sample_adjust_v517_l576_s0', 'key_of_logit(adjusted[base + at]', 'key_of_logit(logits[base + at]'],
  ['sample_adjust_v9000_l4608_s1', 'entry.x - SEGMENT * SEGMENT_LENGTH', 'entry.x'],
  ['sample_count_list_v517_l576_s0', 'atomicOr(&counts[word], PROMPT_BIT)', 'atomicAdd(&counts[word], PROMPT_BIT)'],
  ['sample_count_list_v517_l576_s0', ' && id < VOCAB_SIZE', ''],
  ['sample_count_list_v9000_l4608_s1', 'id - SEGMENT * SEGMENT_LENGTH', 'id'],
  ['sample_count_picked_v517_l576_s0', '(row - back - 1u) * RECORD_WORDS', '(row - 1u) * RECORD_WORDS'],
  ['sample_count_picked_v517_l576_s0', ' && picked &&', ' &&'],
  ['sample_count_picked_v517_l576_s0', '(params.flags & FLAG_COUNTS) != 0u', 'true'],
  ['sample_logprobs_v517_l576_w8', 'k < WG_SIZE; k += 16u', 'k < WG_SIZE - 1u; k += 16u'],
  ['sample_logprobs_v517_l576_w8', '- row_max - log_sum', '- log_sum'],
  ['sample_logprobs_v517_l576_w8', 'rank++', 'rank += 2u'],
  ['sample_logprobs_v9000_l4608_w8', 'place.segment == 0u', 'true'],
  ['expert_route_f32', 'rival == key && other < e', 'false'],
  ['expert_tiles_u32', 'before < e', 'before <= e'],
  ['expert_sum_f32', 'weights[w + slot]', 'weights[w]'],
  ['causal_conv_f32_silu_4', 'seen[k] = seen[k + 1u]', 'seen[k] = input'],
  ['ssm_scan_f32_heads_32', 'fma(t, sum, 1.0 / 3.0)', 'fma(t, sum, 0.3)'],
  ['ssm_scan_f32_channels_16', 'c * STATE + 4u * i', '4u * i'],
  ['delta_rule_f32_32', 'm[i] *= g;', ''],
  ['norm_parts_f32', ' + params.eps)', ')'],
  ['attention_latent_join_f32', 'params.latent_words + i', 'i'],
  ['pool_rows_f32', 'r <= last', 'r < last'],
  ['altup_predict_f32', 'k + a * 4u + c', 'k + c * 4u + a'],
];

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(title, () => {
    let gpu: Gpu;
    beforeAll(async () => {
      const { adapter } = await openDawn({ adapter: name });
      gpu = await openAdapter(adapter, { defaultLimits: true });
    });
    afterAll(() => {
      gpu.destroy();
    });

    const verdict = async (kernel: Kernel, compiled = kernel) => {
      const check = singleSubject(kernel)?.check();
      if (check === undefined) throw new Error(`no check of ${kernel.name}`);
      return check.verify(await runCheck(gpu.apart(), { ...check, kernel: compiled }, await gpu.pipeline(compiled)));
    };

    it.for(KERNELS.map((kernel) => ({ kernel, title: kernel.name })))(
      '$title passes its check',
      async ({ kernel }, { skip }) => {
        const missing = kernel.features.find((feature) => !gpu.device.features.has(feature));
        skip(missing !== undefined, `the adapter has no ${String(missing)}`);
        expect(await verdict(kernel)).toBeUndefined();
      },
    );

    it.for(PLANTED)('finds a mistake planted in %s: %s -> %s', async ([kernelName, right, wrong]) => {
      const kernel = KERNELS.find((one) => one.name === kernelName);
      if (kernel === undefined) throw new Error(`no kernel ${kernelName}`);
      const mistaken = { ...planted(kernel, right, wrong), name: `${kernelName} with ${wrong}` };
      expect(await verdict(kernel, mistaken)).toMatchObject({ kind: 'wrong' });
    });
  });
}
