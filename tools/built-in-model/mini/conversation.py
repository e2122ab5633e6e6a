"""What a conversation is, how it is laid out as text, and what a held-out case is.

The layout is ChatML, the same as CHAT_TEMPLATE, which goes into the model file. Knows no skill and no tokens' ids.
"""
from dataclasses import dataclass, field

END_OF_TEXT, TURN_START, TURN_END = '<|endoftext|>', '<|im_start|>', '<|im_end|>'
SPECIAL_TOKENS = (END_OF_TEXT, TURN_START, TURN_END)

TOOL_ORDER = 'Answer with one call as JSON: {"tool": name, "arguments": {...}}'

# Tools may be given as the usual JSON descriptions; they are laid out as the tool skill writes them (skills/tools.py).
CHAT_TEMPLATE = (
    "{%- if tools %}{{- '<|im_start|>system\\n' }}"
    "{%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n' }}{%- endif %}"
    "{{- 'Tools:\\n' }}"
    "{%- for tool in tools %}{%- set f = tool.function if tool.function else tool %}"
    "{{- '- ' + f.description + ': ' + f.name + '(' }}"
    "{%- for name in f.parameters.properties %}{{- name }}{%- if not loop.last %}{{- ', ' }}{%- endif %}{%- endfor %}"
    "{{- ')\\n' }}{%- endfor %}"
    "{{- '" + TOOL_ORDER + "<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}{%- if not (tools and loop.first and message.role == 'system') %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


@dataclass(frozen=True)
class Message:
    role: str
    content: str


@dataclass(frozen=True)
class Conversation:
    """A training example. `target` says which assistant turns carry full loss: all of them, by default."""
    skill: str
    messages: tuple


@dataclass(frozen=True)
class Case:
    """A held-out case: the answer to `messages` is graded by `rule` (see ../CASES.md)."""
    skill: str
    messages: tuple
    rule: dict
    reference: str
    max_tokens: int = 64
    tags: tuple = field(default=())

    def as_json(self, case_id):
        return {
            'id': case_id,
            'skill': self.skill,
            'tags': list(self.tags),
            'messages': [{'role': m.role, 'content': m.content} for m in self.messages],
            'rule': self.rule,
            'reference': self.reference,
            'maxTokens': self.max_tokens,
        }


def exchange(question, answer):
    return (Message('user', question), Message('assistant', answer))


def render_prompt(messages):
    """The text before the answer, its opening included."""
    return ''.join(f'{TURN_START}{m.role}\n{m.content}{TURN_END}\n' for m in messages) + f'{TURN_START}assistant\n'


def segments(messages):
    """(text, is_answer) pieces of a whole conversation; an answer includes the token that ends its turn."""
    pieces = []
    for message in messages:
        if message.role == 'assistant':
            pieces += [(f'{TURN_START}assistant\n', False), (f'{message.content}{TURN_END}', True), ('\n', False)]
        else:
            pieces.append((f'{TURN_START}{message.role}\n{message.content}{TURN_END}\n', False))
    return pieces
