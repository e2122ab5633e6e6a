/**
 * The body of a request for a server. What OpenAI has goes as it is, known here or not; what is Linnet's own goes by the name that
 * the server has for it, or is refused by name.
 */
import { unsupported } from '../request-error.ts';
import type { ServerKind } from './options.ts';

/** Beyond OpenAI's, with the values that ask for nothing. */
const OWN: Readonly<Record<string, unknown>> = { top_k: 0, min_p: 0, repetition_penalty: 1, ignore_eos: false };

const SAME = { top_k: 'top_k', min_p: 'min_p', repetition_penalty: 'repetition_penalty', ignore_eos: 'ignore_eos' };

/** The names that servers have for them. Ollama reads none of them at its OpenAI-like address. */
const NAMES: Readonly<Record<ServerKind, Readonly<Record<string, string>>>> = {
  openai: {},
  ollama: {},
  vllm: SAME,
  sglang: SAME,
  'llama.cpp': { ...SAME, repetition_penalty: 'repeat_penalty' },
};

/** @throws RequestError for a parameter that this server has not */
export function bodyFor(kind: ServerKind, params: object, model: string | undefined): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || name === 'model') continue;
    if (!Object.hasOwn(OWN, name)) {
      body[name] = value;
      continue;
    }
    if (value === null) continue;
    const theirs = NAMES[kind][name];
    if (theirs !== undefined) body[theirs] = valueFor(kind, name, value);
    else if (value !== OWN[name]) throw unsupported(name, `the server (${kind}) has no such parameter`);
  }
  if (model !== undefined) body['model'] = model;
  // These read the older name alone.
  if ((kind === 'llama.cpp' || kind === 'ollama') && body['max_tokens'] === undefined) {
    const most = body['max_completion_tokens'];
    if (most !== undefined && most !== null) body['max_tokens'] = most;
  }
  return body;
}

/** All tokens are 0 here and in llama.cpp, and -1 to the others. */
function valueFor(kind: ServerKind, name: string, value: unknown): unknown {
  return name === 'top_k' && value === 0 && kind !== 'llama.cpp' ? -1 : value;
}
