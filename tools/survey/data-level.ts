/** Data level of the survey: shorter inputs, and outputs that are organised. */
import type { Level } from './techniques.ts';

export const DATA_LEVEL: Level = {
  name: 'Data',
  groups: [
    {
      name: 'Input compression',
      techniques: [
        {
          name: 'Prompt pruning (Selective Context, LLMLingua)',
          status: 'absent',
          here: 'What it rests on is here: `model.score` gives the log-probability of every token of a text. Nothing prunes by it yet.',
        },
        {
          name: 'Prompt summary (RECOMP, Semantic Compression)',
          status: 'absent',
          here: 'A conversation that outgrows the context leaves out its oldest turns and says which; none are summarised.',
        },
        {
          name: 'Soft prompts (gist tokens, AutoCompressor, ICAE)',
          status: 'absent',
          here: 'Needs models that were trained for it; none is published as GGUF.',
        },
        {
          name: 'Retrieval (RAG)',
          status: 'partly',
          here: 'Its vectors: four architectures of encoders, pooled as the model says. Cutting texts up, keeping vectors and searching them is left to the page.',
          files: ['src/worker/serving/embedder.ts', 'src/worker/serving/embedding-session.ts'],
          shown: [
            { file: 'src/worker/embeddings.gpu.test.ts', test: 'are those of the golden, of texts and of ids' },
            { file: 'src/worker/embeddings.gpu.test.ts', test: 'have the same bits alone and among others' },
          ],
        },
      ],
    },
    {
      name: 'Output organisation',
      techniques: [
        {
          name: 'Skeleton of Thought, and graphs of it',
          status: 'absent',
          here: 'What it rests on is here: sequences that share a prompt’s blocks and are computed in one step. Nothing plans a skeleton yet.',
        },
        {
          name: 'Forks within an answer (APAR)',
          status: 'absent',
          here: 'Needs models that were trained to fork.',
        },
        {
          name: 'Constrained decoding, and jumps over what leaves no choice (SGLang)',
          status: 'partly',
          here: 'JSON under schemas, regular expressions and EBNF as masks before the draw; tokens that alone are allowed are computed several a step, without a draw. There is no language for programs of several calls: that is what JavaScript is here.',
          files: ['src/worker/grammar/', 'src/worker/serving/jump-forward.ts'],
          shown: [
            { file: 'src/worker/serving/grammar.gpu.test.ts', test: '200 of them are valid, under ten schemas' },
            {
              file: 'src/worker/serving/grammar.gpu.test.ts',
              test: 'are the same with speculation and without, drawn or not, alone or beside others',
            },
          ],
          measured:
            'An object of two properties takes over 15 tokens less to draw than it has, a count that the test asserts.',
        },
      ],
    },
  ],
};
