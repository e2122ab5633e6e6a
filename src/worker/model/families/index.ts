/** The registry of architectures: a family that is not named here does not exist. */
import { LinnetError } from '../../errors.ts';
import { bert, nomicBert } from './bert.ts';
import { cohere2 } from './cohere.ts';
import { deepseek2 } from './deepseek.ts';
import { exaone4 } from './exaone.ts';
import { falconH1 } from './falcon-h1.ts';
import { falcon, phi2 } from './falcon.ts';
import type { Family } from './family.ts';
import { gemma, gemma2, gemma3, gemmaEmbedding } from './gemma.ts';
import { gemma3n } from './gemma3n.ts';
import { gemma4 } from './gemma4.ts';
import { glm4 } from './glm.ts';
import { gptOss } from './gpt-oss.ts';
import { gpt2 } from './gpt2.ts';
import { granite, graniteHybrid, graniteMoe, minicpm } from './granite.ts';
import { jamba } from './jamba.ts';
import { lfm2, lfm2moe } from './lfm.ts';
import { llama } from './llama.ts';
import { mamba, mamba2 } from './mamba.ts';
import { mistral3 } from './mistral.ts';
import { modernBert } from './modern-bert.ts';
import { nemotronH } from './nemotron-h.ts';
import { olmo2, olmoe } from './olmo.ts';
import { phi3 } from './phi.ts';
import { qwen35, qwen35moe, qwen3next } from './qwen-next.ts';
import { qwen2, qwen2moe, qwen3, qwen3moe } from './qwen.ts';
import { rwkv7 } from './rwkv.ts';
import { smollm3 } from './smollm.ts';
import { stablelm } from './stablelm.ts';
import { starcoder2 } from './starcoder.ts';

/** In the order of the README's table. */
export const FAMILIES: readonly Family[] = [
  llama,
  qwen2,
  qwen3,
  qwen2moe,
  qwen3moe,
  gemma,
  gemma2,
  gemma3,
  gemma3n,
  gemma4,
  phi3,
  smollm3,
  mistral3,
  gptOss,
  granite,
  graniteMoe,
  olmo2,
  olmoe,
  exaone4,
  glm4,
  minicpm,
  cohere2,
  stablelm,
  starcoder2,
  deepseek2,
  falcon,
  phi2,
  gpt2,
  lfm2,
  lfm2moe,
  qwen35,
  qwen35moe,
  qwen3next,
  graniteHybrid,
  falconH1,
  nemotronH,
  jamba,
  mamba2,
  mamba,
  rwkv7,
  gemmaEmbedding,
  modernBert,
  nomicBert,
  bert,
];

/** Values of `general.architecture`. */
export const SUPPORTED_ARCHITECTURES: ReadonlySet<string> = new Set(FAMILIES.map(({ architecture }) => architecture));

/** @throws Internal: a file's architecture is checked before */
export function familyOf(architecture: string): Family {
  const family = FAMILIES.find((candidate) => candidate.architecture === architecture);
  if (family === undefined) throw new LinnetError('Internal', `No family computes ${architecture}.`);
  return family;
}
