/**
 * The constraint of a request, that of its tools included: what begins as a call is one, and its arguments follow the tool's schema.
 * Knows no scheduler and no GPU.
 */
import type { GenerateRequest, GenerationEvent, Grammar } from '../api.ts';
import { LinnetError } from '../errors.ts';
import type { ModelGrammars } from '../grammar/model-grammars.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { mustCall, structuralTagOf } from '../tools/structural-tag.ts';
import type { TagContent } from '../tools/tag-content.ts';
import { constraintFor, type Constraint } from './constraint.ts';
import type { Prompt } from './prompt.ts';

/**
 * To be disposed of. Where the model is free to call, tools that no grammar can be made of leave it without a constraint, and a note
 * says so. @throws GrammarFailed, BlockedByPolicy, InvalidRequest
 */
export async function constraintOf(
  request: GenerateRequest,
  prompt: Prompt,
  grammars: ModelGrammars | undefined,
  tokenizer: Tokenizer,
  emit: (event: GenerationEvent) => void,
): Promise<Constraint | undefined> {
  const { tools } = prompt;
  if (tools === undefined) return constraintFor(request, prompt, grammars, tokenizer);
  const { format, use } = tools;
  const answer = request.grammar === undefined ? undefined : answerContent(request.grammar);
  const tag = structuralTagOf(format, use, tools, answer);
  try {
    return await constraintFor({ ...request, grammar: { kind: 'structuralTag', tag } }, prompt, grammars, tokenizer);
  } catch (error) {
    const isGrammars = error instanceof LinnetError && ['GrammarFailed', 'BlockedByPolicy'].includes(error.name);
    if (!isGrammars || answer !== undefined || mustCall(use.choice) || use.tools.some(({ strict }) => strict === true))
      throw error;
    emit({ kind: 'note', text: `Calls of tools may not follow their schemas: ${error.message}` });
    return undefined;
  }
}

/** What an answer without calls must be. */
function answerContent(grammar: Grammar): TagContent {
  switch (grammar.kind) {
    case 'json':
      return { type: 'json_schema', json_schema: { type: ['object', 'array'] } };
    case 'jsonSchema':
      return { type: 'json_schema', json_schema: parsed(grammar.schema) };
    case 'regex':
      return { type: 'regex', pattern: grammar.pattern };
    case 'ebnf':
      if (grammar.root === undefined || grammar.root === 'root') return { type: 'grammar', grammar: grammar.text };
      throw new LinnetError('InvalidRequest', 'Beside tools, the rule of a grammar that is the answer is named root.');
    case 'structuralTag':
      throw new LinnetError('InvalidRequest', 'An answer that may call tools follows no other structural tag.');
  }
}

function parsed(schema: string): unknown {
  try {
    return JSON.parse(schema);
  } catch (error) {
    throw new LinnetError('GrammarFailed', `The schema is no JSON (${String(error)}).`, { cause: error });
  }
}
