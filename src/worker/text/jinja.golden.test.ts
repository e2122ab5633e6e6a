/**
 * Every conversation of the reference corpus through every real chat template, against the text that Jinja2 gives; where
 * Jinja2 refuses, we must too, and with the template's own message if it raised one.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readJson, reference } from '../../../tools/fixtures/text.ts';
import { compileJinja } from './jinja.ts';

/** Cases that differ from Jinja2, `template: case`, each with its reason. One that starts to pass fails the test. */
const KNOWN_DIFFERENCES: ReadonlyMap<string, string> = new Map([]);

const TEMPLATES: Readonly<Record<string, number>> = {
  'Apertus-8B-Instruct': 13,
  'CohereForAI-c4ai-command-r7b-12-2024-tool_use': 13,
  'HuggingFaceTB-SmolLM3-3B': 13,
  'LFM2.5-Instruct': 13,
  'NousResearch-Hermes-3-Llama-3.1-8B-tool_use': 13,
  'Qwen-Qwen2.5-7B-Instruct': 13,
  'Qwen-Qwen3-0.6B': 13,
  'Qwen3.5-4B': 13,
  'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B': 13,
  'google-gemma-2-2b-it': 13,
  'google-gemma-4-31B-it': 13,
  'ibm-granite-granite-4.0': 13,
  'llama-cpp-rwkv-world': 13,
  'meta-llama-Llama-3.1-8B-Instruct': 13,
  'meta-llama-Llama-3.2-3B-Instruct': 13,
  'microsoft-Phi-3.5-mini-instruct': 13,
  'mistralai-Mistral-Nemo-Instruct-2407': 13,
  'openai-gpt-oss-120b': 13,
};
/** The clock of the goldens. */
const NOW = new Date(2026, 2, 14, 9, 26);

interface Golden {
  readonly bos_token: string;
  readonly eos_token: string;
  readonly cases: readonly {
    readonly name: string;
    readonly input: Readonly<Record<string, unknown>>;
    readonly text?: string;
    readonly error?: string;
  }[];
}

function isGolden(value: unknown): value is Golden {
  return typeof value === 'object' && value !== null && 'cases' in value && Array.isArray(value.cases);
}

type Outcome = { readonly text: string } | { readonly refused: string };

function attempt(run: () => string): Outcome {
  try {
    return { text: run() };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

/** A row that says how the outcome differs, or undefined. */
function difference(expected: Golden['cases'][number], outcome: Outcome): string | undefined {
  if (expected.error !== undefined) {
    if ('text' in outcome) return `expected refusal (${expected.error})\n  actual   ${JSON.stringify(outcome.text)}`;
    const raised = /^TemplateError: (.*)$/s.exec(expected.error)?.[1];
    if (raised === undefined || raised === outcome.refused) return undefined;
    return `expected message ${raised}\n  actual message   ${outcome.refused}`;
  }
  const actual = 'text' in outcome ? outcome.text : `refused: ${outcome.refused}`;
  if (actual === expected.text) return undefined;
  return `expected ${JSON.stringify(expected.text)}\n  actual   ${JSON.stringify(actual)}`;
}

describe('chat templates against Jinja2', () => {
  for (const [name, numCases] of Object.entries(TEMPLATES)) {
    const numKnown = [...KNOWN_DIFFERENCES.keys()].filter((key) => key.startsWith(`${name}: `)).length;
    it(`${name}: ${numCases - numKnown} of ${numCases} conversations`, ({ skip }) => {
      if ('missing' in reference) return skip(reference.missing);
      const path = `${reference.folder}/templates/${name}`;
      const golden = readJson(`${path}.json`);
      if (!isGolden(golden)) throw new Error(`${path}.json is not a golden file`);
      expect(golden.cases).toHaveLength(numCases);

      const template = compileJinja(readFileSync(`${path}.jinja`, 'utf8'));
      const { bos_token, eos_token } = golden;
      const rows: string[] = [];
      for (const expected of golden.cases) {
        const outcome = attempt(() => template.render({ bos_token, eos_token, ...expected.input }, NOW));
        const row = difference(expected, outcome);
        const known = KNOWN_DIFFERENCES.has(`${name}: ${expected.name}`);
        if (row !== undefined && !known) rows.push(`${expected.name}: ${row}`);
        if (row === undefined && known) rows.push(`${expected.name}: passes now; take it off the list`);
      }
      expect(rows.join('\n')).toBe('');
    });
  }
});
