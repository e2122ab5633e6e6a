/**
 * How to lay out a conversation for a model whose file has no chat template, or one that cannot be read: by the
 * special tokens it has. It knows no Jinja. BOS is not part of a layout; `encodePrompt` adds it.
 */
import type { ChatMessage } from '../api.ts';

export interface ChatLayout {
  readonly name: string;
  /** Built on chat tokens that the model has. */
  readonly isForChat: boolean;
  /** Where the model's own end token does not do it, these end a turn. */
  readonly stop: readonly string[];
  render(messages: readonly ChatMessage[], addGenerationPrompt: boolean): string;
}

interface LayoutSpec {
  readonly name: string;
  /** Special tokens that must all be there. */
  readonly needs: readonly string[];
  readonly stop: readonly string[];
  /** Models trained without a system role get its text in front of the first user turn. */
  readonly hasSystemRole: boolean;
  readonly turn: (message: ChatMessage) => string;
  readonly opening: string;
}

const PLAIN_NAMES = { system: 'System', user: 'User', assistant: 'Assistant', tool: 'Tool' } as const;

/** A reply that begins with a space keeps just that one, so that rendering it again gives the very same text. */
const afterColon = (content: string): string => (content.startsWith(' ') ? content : ` ${content}`);

const PLAIN: LayoutSpec = {
  name: 'plain text (User: / Assistant:)',
  needs: [],
  stop: ['\nUser:'],
  hasSystemRole: true,
  turn: ({ role, content }) => (role === 'system' ? `${content}\n\n` : `${PLAIN_NAMES[role]}:${afterColon(content)}\n`),
  opening: 'Assistant:',
};

/** What files of RWKV mean where their template is but the name `rwkv-world`. */
const RWKV_WORLD: LayoutSpec = {
  name: 'RWKV World',
  needs: [],
  stop: ['\n\nUser:'],
  hasSystemRole: true,
  turn: ({ role, content }) => `${PLAIN_NAMES[role]}: ${content.trim()}\n\n`,
  opening: 'Assistant:',
};

/** By the names that files have in place of a template. */
const NAMED_LAYOUTS: ReadonlyMap<string, LayoutSpec> = new Map([['rwkv-world', RWKV_WORLD]]);

const LAYOUTS: readonly LayoutSpec[] = [
  {
    name: 'ChatML',
    needs: ['<|im_start|>', '<|im_end|>'],
    stop: ['<|im_end|>'],
    hasSystemRole: true,
    turn: ({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`,
    opening: '<|im_start|>assistant\n',
  },
  {
    name: 'Llama 3',
    needs: ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
    stop: ['<|eot_id|>'],
    hasSystemRole: true,
    turn: ({ role, content }) => `<|start_header_id|>${role}<|end_header_id|>\n\n${content}<|eot_id|>`,
    opening: '<|start_header_id|>assistant<|end_header_id|>\n\n',
  },
  {
    name: 'Gemma',
    needs: ['<start_of_turn>', '<end_of_turn>'],
    stop: ['<end_of_turn>'],
    hasSystemRole: false,
    turn: ({ role, content }) => `<start_of_turn>${role === 'assistant' ? 'model' : 'user'}\n${content}<end_of_turn>\n`,
    opening: '<start_of_turn>model\n',
  },
  {
    name: 'Phi-3',
    needs: ['<|user|>', '<|assistant|>', '<|end|>'],
    stop: ['<|end|>'],
    hasSystemRole: true,
    turn: ({ role, content }) => `<|${role}|>\n${content}<|end|>\n`,
    opening: '<|assistant|>\n',
  },
];

/** `hasToken` says whether a text is a special token of the model. */
export function chooseLayout(hasToken: (text: string) => boolean): ChatLayout {
  return layoutOf(LAYOUTS.find(({ needs }) => needs.every(hasToken)) ?? PLAIN);
}

/** The layout that a file names instead of bringing a template; undefined for a name that is not known. */
export function layoutNamed(name: string): ChatLayout | undefined {
  const spec = NAMED_LAYOUTS.get(name);
  return spec === undefined ? undefined : layoutOf(spec);
}

function layoutOf(spec: LayoutSpec): ChatLayout {
  return {
    name: spec.name,
    isForChat: spec !== PLAIN,
    stop: spec.stop,
    render(messages, addGenerationPrompt) {
      const turns = spec.hasSystemRole ? messages : (foldSystem(messages) ?? messages);
      return turns.map(spec.turn).join('') + (addGenerationPrompt ? spec.opening : '');
    },
  };
}

/** The conversation with its system message put in front of the first user message; undefined where that cannot be. */
export function foldSystem([first, second, ...rest]: readonly ChatMessage[]): readonly ChatMessage[] | undefined {
  if (first?.role !== 'system' || second?.role !== 'user') return undefined;
  return [{ role: 'user', content: `${first.content}\n\n${second.content}` }, ...rest];
}
