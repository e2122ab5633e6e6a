/** System level of the survey: kernels, decoding ahead, memory, scheduling, and the device at hand. */
import type { Level } from './techniques.ts';

const ENGINE = 'src/worker/engine.gpu.test.ts';
const INVARIANCE = 'src/worker/model/invariance.gpu.test.ts';
const SCHEDULER = 'src/worker/scheduler/scheduler.test.ts';
const SPECULATION = 'src/worker/speculation/speculation.gpu.test.ts';

export const SYSTEM_LEVEL: Level = {
  name: 'System',
  groups: [
    {
      name: 'Inference engine: graph and operators',
      techniques: [
        {
          name: 'FlashAttention',
          status: 'works',
          here: 'Prompt rows in tiles, with a running maximum and sum; nothing of the size of rows times keys is stored.',
          files: ['src/shaders/attention/attention_flash.wgsl'],
          shown: [
            { file: 'src/shaders/attention/attention.gpu.test.ts', test: 'flash, cache $layout, head $shape.headDim' },
          ],
        },
        {
          name: 'FlashDecoding: the keys of one row split among workgroups',
          status: 'works',
          here: 'Chunks of 128 keys whatever else is in the step, so that bits do not depend on it; a second kernel joins them.',
          files: ['src/shaders/attention/attention_split.wgsl', 'src/shaders/attention/attention_reduce.wgsl'],
          shown: [
            { file: 'src/shaders/attention/attention.gpu.test.ts', test: 'split and reduce, cache $layout' },
            { file: INVARIANCE, test: 'generated tokens 2, 5 or 16 at a time, as one at a time' },
          ],
        },
        {
          name: 'GEMV, flat GEMM and GEMM, chosen by measurement',
          status: 'works',
          here: 'Two families, one for generated and one for prompt rows, each with variants for GPUs and CPUs; the fastest of those that are right on the device is taken.',
          files: ['src/shaders/linear/linear.ts', 'src/worker/gpu/self-test/self-test.ts'],
          shown: [
            {
              file: 'src/worker/self-test.gpu.test.ts',
              test: 'strikes out what is wrong and what does not compile, remembers it, and the text is the same',
            },
            { file: INVARIANCE, test: 'alone, or among 2, 5 or 16 sequences, in either class' },
          ],
          measured: '[shares of the registers’ speed](benchmarks.md#shares)',
        },
        {
          name: 'Fused operators',
          status: 'works',
          here: 'Norm with q, k and v; rotation with the cache’s append; norm with gate, up and activation; residuals with products.',
          files: ['src/worker/model/ops.ts', 'src/shaders/linear/gated.wgsl'],
          shown: [
            {
              file: 'src/worker/model/dispatches.gpu.test.ts',
              test: '7 a layer where weights are of one type, 3 behind them',
            },
          ],
          measured: '7 dispatches a layer, 1 submit a token, nothing allocated (asserted)',
        },
        {
          name: 'A step recorded before the last one is read',
          status: 'works',
          here: 'The id of a drawn token goes to the next step on the GPU; the CPU reads it a step late.',
          files: ['src/worker/serving/step-pipeline.ts'],
          shown: [
            { file: 'src/worker/serving/late-read.gpu.test.ts', test: 'what a token takes' },
            {
              file: 'src/worker/serving/late-bits.gpu.test.ts',
              test: 'of %s says the same as waiting, greedy, drawn, stopped, aborted, in turns and together',
            },
          ],
          measured: '50 tokens: 50 submits, 1 wait (asserted)',
        },
        {
          name: 'Sampling on the GPU',
          status: 'works',
          here: 'Temperature, top-k, top-p, min-p, penalties and bias without a sort; a record of an id and log-probabilities comes back, never the logits.',
          files: ['src/worker/gpu/sampler.ts', 'src/shaders/sample/sample.ts'],
          shown: [
            { file: 'src/shaders/sample/sample-draws.gpu.test.ts', test: '10 000 draws with %s' },
            {
              file: 'src/shaders/sample/sample-draws.gpu.test.ts',
              test: 'control: the test rejects draws of a slightly wrong temperature, and of a filter left out',
            },
          ],
        },
      ],
    },
    {
      name: 'Speculative decoding',
      techniques: [
        {
          name: 'Verification that changes no text',
          status: 'works',
          here: 'Guessed tokens are rows of the class of generated ones; a draw does not know that it was guessed. Greedy and sampled texts are the same bits.',
          files: ['src/worker/scheduler/speculation.ts'],
          shown: [
            { file: SPECULATION, test: 'draws the same tokens with guesses that are right, wrong, and both by turns' },
          ],
        },
        {
          name: 'Prompt lookup and n-grams',
          status: 'works',
          here: 'The default of every request; looks in the text, its prompt and what the caller hints at.',
          files: ['src/worker/speculation/ngram-drafter.ts', 'src/worker/speculation/ngram-index.ts'],
          shown: [
            { file: SPECULATION, test: 'says the same in far fewer steps when an answer is given a second time' },
            {
              file: SPECULATION,
              test: 'takes at most 1.05 times the forwards of plain decoding on random text, and 1.05 times the rows',
            },
          ],
          measured: '6.5 to 10.3 tokens a step where a text repeats ([table](design.md#guessing-ahead))',
        },
        {
          name: 'A draft model',
          status: 'absent',
          here: 'linnet-draft is trained and published for it; the runtime holds one model at a time.',
        },
        {
          name: 'Trees of drafts, Medusa, EAGLE, heads for several tokens',
          status: 'absent',
          here: 'Needs attention over drafts that do not follow one another, and heads that few files have.',
        },
        {
          name: 'Lookahead, REST, self-speculation',
          status: 'absent',
          here: 'They would give drafts to the same verification.',
        },
      ],
    },
    {
      name: 'Serving: memory',
      techniques: [
        {
          name: 'Paged cache',
          status: 'works',
          here: 'Blocks of 32 tokens, counted references, copied when written to by one of several holders.',
          files: ['src/worker/scheduler/block-manager.ts', 'src/worker/model/kv-pool.ts'],
          shown: [
            {
              file: 'src/worker/scheduler/block-manager.test.ts',
              test: 'survives 100 000 random operations without a leak',
            },
            { file: INVARIANCE, test: 'a fork in the middle of a block: both go on as if alone' },
          ],
        },
        {
          name: 'Shared prefixes (RadixAttention)',
          status: 'works',
          here: 'A tree of blocks by token and class: the next turn, another answer or another conversation takes up what was computed, with the same bits.',
          files: ['src/worker/scheduler/prefix-tree.ts'],
          shown: [
            { file: ENGINE, test: 'prefills only what is new in the next turn of a conversation' },
            {
              file: ENGINE,
              test: 'gives the same bits from a warm cache as from a cold one, also outside conversations',
            },
          ],
        },
        {
          name: 'Weights that stream, and are never in memory twice',
          status: 'works',
          here: 'Rows are rewritten into the GPU’s planes as they arrive; a download goes on where it broke off.',
          files: ['src/worker/loading/upload.ts', 'src/cache/download-session.ts'],
          shown: [
            {
              file: 'src/worker/loading/load-memory.gpu.test.ts',
              test: 'a gigabyte of weights is never in memory as a whole',
            },
            { file: 'src/cache/open-model.test.ts', test: 'again and again, after each 20 000 bytes, still ends' },
          ],
          measured:
            'a gigabyte from the network through the store to the GPU: less than 200 MB beside the window of eight chunks (asserted)',
        },
        {
          name: 'Offloading (FlexGen, LLM in a flash, hot and cold neurons)',
          status: 'absent',
          here: 'The model has to fit the GPU’s memory; the page says before a download whether it does.',
        },
      ],
    },
    {
      name: 'Serving: batching and scheduling',
      techniques: [
        {
          name: 'Continuous batching (ORCA)',
          status: 'works',
          here: 'Requests join and leave between steps; each answer is as if it were alone.',
          files: ['src/worker/scheduler/scheduler.ts', 'src/worker/serving/model-session.ts'],
          shown: [{ file: ENGINE, test: 'runs several generations together, each as if it were alone' }],
        },
        {
          name: 'Prefill in chunks (Sarathi, split-fuse)',
          status: 'works',
          here: 'A chunk beside the rows of running answers, as large as the device computes in the time it may take.',
          files: ['src/worker/serving/chunk-pacer.ts', 'src/worker/scheduler/scheduled-step.ts'],
          shown: [
            { file: INVARIANCE, test: 'a step that prefills one sequence beside the decoding of others' },
            { file: 'src/worker/serving/chunk-pacer.test.ts', test: 'settle where the step keeps to its aim' },
          ],
        },
        {
          name: 'Order of requests',
          status: 'partly',
          here: 'First come, first served, decoding before prefill, the latest preempted when blocks run out. No priorities.',
          files: ['src/worker/scheduler/scheduler.ts'],
          shown: [
            {
              file: SCHEDULER,
              test: 'decodes before it prefills, first come first served, within the budget of rows',
            },
            {
              file: SCHEDULER,
              test: 'preempts the latest when blocks run out, and both answers are those of a run alone',
            },
          ],
        },
        {
          name: 'Distributed serving',
          status: 'absent',
          here: 'One device, one page.',
        },
      ],
    },
    {
      name: 'The device at hand',
      techniques: [
        {
          name: 'Edge deployment',
          status: 'works',
          here: 'A page that is installed and answers with no server; without f16, without subgroups, with the smallest buffers.',
          files: ['src/ui/offline.ts', 'src/shaders/variants.ts'],
          shown: [
            { file: 'e2e/offline.e2e.ts', test: 'visited once, it chats with no server: also from a sub-path' },
            { file: 'tools/parity/parity.gpu.test.ts', test: "flags: ['--no-subgroups', '--no-f16']" },
          ],
        },
        {
          name: 'Kernels that are checked where they run',
          status: 'works',
          here: 'Not in the survey: compared with exact arithmetic on the visitor’s device before they are used.',
          files: ['src/worker/gpu/self-test/self-test.ts', 'src/shaders/vectors/check-of.ts'],
          shown: [
            {
              file: 'src/worker/self-test.gpu.test.ts',
              test: 'checks what the model needs before it is ready, and no more',
            },
            { file: 'src/worker/self-test.gpu.test.ts', test: 'says so when no variant of a family is right' },
          ],
        },
      ],
    },
  ],
};
