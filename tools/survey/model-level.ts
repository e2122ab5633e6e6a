/** Model level of the survey: structure, quantisation, sparsity, and what follows the input. */
import type { Level } from './techniques.ts';

const PARITY = 'tools/parity/parity.gpu.test.ts';
const STATES = 'src/worker/model/recurrent/states.gpu.test.ts';
const ATTENTION = 'src/shaders/attention/attention.gpu.test.ts';

export const MODEL_LEVEL: Level = {
  name: 'Model',
  groups: [
    {
      name: 'Efficient structure',
      techniques: [
        {
          name: 'Mixture of experts',
          status: 'works',
          here: 'The ids of experts stay on the GPU; a token reads the weights of its experts and no others. Routing by softmax or sigmoid, before or behind the choice, with groups, shared experts and biases.',
          files: ['src/worker/model/expert-ops.ts', 'src/shaders/experts/experts.ts'],
          shown: [
            {
              file: 'src/worker/model/experts.gpu.test.ts',
              test: 'reads the weights of the experts that a token takes, and no others',
            },
            { file: PARITY, test: "{ model: 'qwen3moe', flags: ['--batch', '5'] }" },
          ],
          measured: '11 dispatches a layer to decode, 13 for a prompt of any length (asserted)',
        },
        {
          name: 'Multi-query and grouped-query attention',
          status: 'works',
          here: 'The queries of a group share each load of a key and a value.',
          files: ['src/shaders/attention/attention_flash.wgsl', 'src/shaders/attention/attention_split.wgsl'],
          shown: [
            { file: ATTENTION, test: 'split and reduce, cache $layout, head $shape.headDim, group $shape.headsPerKv' },
          ],
        },
        {
          name: 'Latent attention (MLA, after the survey)',
          status: 'works',
          here: 'DeepSeek 2: the cache holds latents, and the projections of keys and values are absorbed.',
          files: ['src/worker/model/families/deepseek.ts', 'src/shaders/attention/latent_join.wgsl'],
          shown: [{ file: PARITY, test: "{ model: 'deepseek2', flags: [] }" }],
        },
        {
          name: 'Sliding windows',
          status: 'works',
          here: 'Windows hide keys, exactly, and skip the work of what they hide. Layers with windows have a pool of blocks of their own, where little more than a window of each sequence is kept.',
          files: ['src/shaders/attention/visible_before.wgsl', 'src/worker/scheduler/window-blocks.ts'],
          shown: [
            { file: ATTENTION, test: 'window $shape.window, soft cap $shape.softcap' },
            {
              file: 'src/worker/serving/window-pool.gpu.test.ts',
              test: 'gives the bits of a pool for all tokens, in the bytes of windows',
            },
            { file: PARITY, test: "{ model: 'gemma3', flags: [] }" },
          ],
          measured:
            'Gemma 3 1B with 32 k of context: 68 blocks instead of 1 033 in 22 of its 26 layers (planned, not timed)',
        },
        {
          name: 'Attention sinks',
          status: 'partly',
          here: 'Trained sinks (gpt-oss). A cache that keeps its first tokens and forgets the middle (StreamingLLM) is not here: turns are left out whole.',
          files: ['src/shaders/attention/sink.wgsl'],
          shown: [{ file: ATTENTION, test: 'sinks, head $shape.headDim' }],
        },
        {
          name: 'State space models (Mamba) and hybrids of them',
          status: 'works',
          here: 'Mamba, Mamba 2, Falcon H1 and Granite 4 H: a state per sequence in slots beside the paged cache, with snapshots that the prefix tree’s hits go back to.',
          files: ['src/worker/model/recurrent/mixers.ts', 'src/shaders/recurrent/ssm-scan.ts'],
          shown: [
            { file: 'src/shaders/recurrent/recurrent.gpu.test.ts', test: 'ssm_scan' },
            { file: STATES, test: 'any cut of the prompt, and generated tokens several at a time' },
            {
              file: STATES,
              test: 'a state that was kept: between rows, before a wrong guess, and for a second sequence',
            },
          ],
          measured: 'as many dispatches for a chunk of 70 tokens as for one of 7 (asserted)',
        },
        {
          name: 'Short convolutions (LFM 2, after the survey)',
          status: 'works',
          here: 'Gated convolutions over three tokens beside attention; what they remember lies in the same slots.',
          files: ['src/worker/model/families/lfm.ts', 'src/shaders/recurrent/causal-conv.ts'],
          shown: [
            { file: 'src/shaders/recurrent/recurrent.gpu.test.ts', test: 'causal_conv' },
            {
              file: 'src/worker/serving/recurrent-session.gpu.test.ts',
              test: 'goes on from the last turn, and says what a cold run of the same tokens says',
            },
          ],
        },
        {
          name: 'Gated delta nets (after the survey)',
          status: 'works',
          here: 'Qwen 3.5: a matrix per head that each token corrects by what it got wrong.',
          files: ['src/worker/model/families/qwen-next.ts', 'src/shaders/recurrent/delta-rule.ts'],
          shown: [{ file: 'src/shaders/recurrent/recurrent.gpu.test.ts', test: 'delta_rule' }],
        },
        {
          name: 'RWKV',
          status: 'works',
          here: 'RWKV 7: tokens mixed with the one before, and a matrix per head whose elements each decay by a factor of their own; earlier versions are refused by name. The states lie in the same slots.',
          files: ['src/worker/model/families/rwkv.ts', 'src/shaders/recurrent/wkv.ts'],
          shown: [
            { file: 'src/shaders/recurrent/wkv.gpu.test.ts', test: 'finds a mistake planted in $name' },
            {
              file: STATES,
              test: 'a state that was kept: between rows, before a wrong guess, and for a second sequence',
            },
          ],
        },
        {
          name: 'Kernel and low-rank attention, RetNet, Hyena',
          status: 'absent',
          here: 'No model of this kind is published as GGUF.',
        },
      ],
    },
    {
      name: 'Quantisation',
      techniques: [
        {
          name: 'Weights in few bits, activations in many (GPTQ, AWQ: what GGUF files hold)',
          status: 'works',
          here: 'Eighteen types of blocks in their own bits on the GPU, from 1.7 to 32 bits a weight, unpacked inside the product. Which method chose the bits does not matter to the file.',
          files: ['src/shaders/blocks/index.ts', 'src/shaders/linear/linear.ts'],
          shown: [
            { file: 'src/shaders/linear/linear.gpu.test.ts', test: '$title: seeds from 41 on' },
            {
              file: 'src/shaders/blocks/blocks.test.ts',
              test: '$name costs as much on the GPU as in the file, in words of 16 bytes and even scales',
            },
          ],
          measured: 'see [shares of the registers’ speed](benchmarks.md#shares)',
        },
        {
          name: 'Mixed precision by tensor (LLM-MQ, SqueezeLLM)',
          status: 'works',
          here: 'Each tensor has its own type; q, k and v of different types are split into as many products. Sparse outliers beside a tensor have no GGUF form.',
          files: ['src/worker/model/multiplied.ts'],
          shown: [
            {
              file: 'src/worker/model/dispatches.gpu.test.ts',
              test: '8 where v is of another type than q and k (Q4_K_M), 9 where all three differ',
            },
          ],
        },
        {
          name: 'Rotations (QuIP, QuaRot, SpinQuant)',
          status: 'partly',
          here: 'Queries, keys and values are Walsh-Hadamard transformed before a quantised cache. Weights come as the file has them.',
          files: ['src/shaders/hadamard/hadamard.ts', 'src/shaders/rope/rope_append_blocks.wgsl'],
          shown: [{ file: 'src/shaders/hadamard/hadamard.gpu.test.ts', test: '$numBlocks blocks of $blockElements' }],
        },
        {
          name: 'Activations in 8 bits (SmoothQuant, LLM.int8, Atom, QServe)',
          status: 'works',
          here: 'Behind `precision: int8`: rows are rounded to bytes in groups of 32 as they come, and multiplied as integers with Q4_0, Q8_0, Q4_K and Q6_K.',
          files: ['src/shaders/linear/int8.ts', 'src/worker/model/int8-ops.ts'],
          shown: [
            { file: 'src/shaders/linear/int8.gpu.test.ts', test: '$title: seeds from 61 on' },
            { file: PARITY, test: "'--precision', 'int8', '--rounded'" },
          ],
          measured: 'what it costs in log-probability: [Precision](design.md#precision)',
        },
        {
          name: 'The cache in few bits (KIVI, KVQuant)',
          status: 'works',
          here: 'Keys and values in f16, q8_0 or q4_0, dequantised in the dot product.',
          files: ['src/shaders/lib/kv.ts', 'src/shaders/rope/rope_append_blocks.wgsl'],
          shown: [
            {
              file: 'src/shaders/rope/rope-blocks.gpu.test.ts',
              test: 'has the bits of the reference where arithmetic is exact',
            },
            { file: PARITY, test: "'--kv', 'q4_0'" },
          ],
          measured: '6 480 instead of 46 080 bytes a token for smollm2-135m ([table](benchmarks.md#the-cache-by-type))',
        },
        {
          name: 'Quantisation-aware training',
          status: 'works',
          here: 'Files trained for it load like all others; the built-in model is one, trained here with rounded weights in its last part.',
          files: ['tools/built-in-model/run.py'],
          shown: [{ file: 'tools/built-in-model/published.gpu.test.ts', test: 'gives the answers that PyTorch gave' }],
          measured:
            'arithmetic 91 % instead of 78 % by plain rounding ([all scores](../public/models/README.md#scores), PyTorch, held-out cases)',
        },
        {
          name: 'Ternary weights (BitNet)',
          status: 'works',
          here: 'TQ1_0 and TQ2_0, 1.69 and 2.06 bits a weight, as types like the others.',
          files: ['src/shaders/blocks/tq1_0.ts', 'src/shaders/blocks/tq2_0.ts'],
          shown: [{ file: 'src/shaders/blocks/blocks.test.ts', test: '$name: 64 random blocks, seed 21' }],
        },
      ],
    },
    {
      name: 'Sparsity and structure',
      techniques: [
        {
          name: 'Pruned weights (SparseGPT, Wanda, 2:4)',
          status: 'absent',
          here: 'GGUF has no sparse types. Models that were pruned by rows or layers load as the smaller models that they are.',
        },
        {
          name: 'Sparse attention at run time (MInference)',
          status: 'absent',
          here: 'Nothing chooses blocks yet; windows that a model was trained with are above.',
        },
        {
          name: 'Keys and values that are given up (H2O, SnapKV)',
          status: 'absent',
          here: 'It changes texts, and needs the mass of attention as an output.',
        },
        {
          name: 'Low-rank weights and searched architectures (ASVD, MatFormer)',
          status: 'absent',
          here: 'Layers of one model may differ in heads and widths, which Gemma 3n’s and 4’s files need; weights as products of two are in no file.',
        },
        {
          name: 'Distillation',
          status: 'works',
          here: 'At training time: linnet-draft learns linnet-mini’s distributions.',
          files: ['tools/built-in-model/run.py'],
          shown: [{ file: 'tools/built-in-model/published.gpu.test.ts', test: 'the built-in models' }],
          measured: 'its scores: [the card](../public/models/README.md#scores)',
        },
      ],
    },
    {
      name: 'Dynamic inference',
      techniques: [
        {
          name: 'Early exit and skipped layers (CALM, LayerSkip, Mixture of Depths)',
          status: 'absent',
          here: 'Needs models that were trained for it, or changes texts.',
        },
      ],
    },
  ],
};
