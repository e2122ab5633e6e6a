/** All formats, and which of them a template asks for. */
import type { ToolFormat } from '../format.ts';
import { apertus } from './apertus.ts';
import { commandR } from './command-r.ts';
import { deepseek, deepseekCode } from './deepseek.ts';
import { functionGemma, gemma } from './gemma.ts';
import { granite } from './granite.ts';
import { harmony } from './harmony.ts';
import { hermes } from './hermes.ts';
import { lfm } from './lfm.ts';
import { linnet } from './linnet.ts';
import { llama } from './llama.ts';
import { mistralList, mistralNamed } from './mistral.ts';
import { phi } from './phi.ts';
import { qwenXml } from './qwen-xml.ts';

/** Those with marks of their own come before those that share them. */
export const FORMATS: readonly ToolFormat[] = [
  linnet,
  harmony,
  gemma,
  functionGemma,
  commandR,
  apertus,
  deepseekCode,
  deepseek,
  mistralNamed,
  mistralList,
  lfm,
  phi,
  granite,
  qwenXml,
  hermes,
  llama,
];

/** The format that a template asks for; undefined where none is known. */
export function formatOf(template: string): ToolFormat | undefined {
  return FORMATS.find((format) => format.matches(template));
}
