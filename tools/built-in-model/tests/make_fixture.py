#!/usr/bin/env python3
"""Makes ../fixtures: a model file as the export writes it (random weights, a small vocabulary), its golden, and texts with
their ids. The tests in Python and in TypeScript read them; nothing of a trained model is needed. Seeded.
"""
import json
import random
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER))

from mini import corpus, export, golden, tokenizer  # noqa: E402
from mini.conversation import Message, render_prompt, segments  # noqa: E402
from mini.model import Model  # noqa: E402
from mini.settings import SIZES, Shape  # noqa: E402

SHAPE = Shape(dim=64, layers=2, heads=4, kv_heads=2, ffn=96, vocab=480, context=1024)
FIXTURES = FOLDER / 'fixtures'
MODEL = FIXTURES / 'models' / 'fixture-q4_0.gguf'
AWKWARD = [
    '', ' ', '  ', '\n', '\n\n a', 'a\tb', 'a  b', ' leading', 'trailing ', "it's I'm we'll they've I'd you're DON'T don't", '12345', 'a1b22c', ' 7 8',
    '3.14', 'x=1+2', 'Привет, мир', '日本語です', 'naïve café', 'e\u0301', '🦜🏽 bird', '٣٤٥', 'Ⅷ ²', '\u00a0\u2003x', '\ufefftext', 'a\u0085b', '\r\n', 'a\r\n b',
    'HTTP WebGPU GGUF', 'snake_case-word', '{"tool": "x", "arguments": {"a": 1}}', '"quoted"', '...!?', '—–', '<|im_start|>', 'a<|im_end|>b',
    '<|im_start|>user\nHi<|im_end|>\n', '<|endoftext|', '<|im_end|><|im_end|>', '\x00\x7f', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', '1. one\n2. two\n',
]
TOOLS = [
    {'type': 'function', 'function': {'name': 'forecast', 'description': 'what the sky will be like', 'parameters': {
        'type': 'object', 'properties': {'location': {'type': 'string'}}}}},
    {'type': 'function', 'function': {'name': 'rail', 'description': 'how to go by rail', 'parameters': {
        'type': 'object', 'properties': {'from': {'type': 'string'}, 'to': {'type': 'string'}}}}},
]


def make_tokenizer():
    conversations = corpus.Generator(SIZES['tiny']).shard(0)[:700]
    return tokenizer.train(tokenizer.count_words(t for c in conversations for t, _ in segments(c.messages)), SHAPE.vocab)


def make_model():
    """Random all through, and wide enough that attention is not flat and the head is peaked."""
    model, generator = Model(SHAPE), torch.Generator().manual_seed(11)
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            scale = 0.24 if name == 'embedding' else (2 if name.endswith('qkv') else 0.5) * weight.shape[1] ** -0.5
            weight.data = torch.randn(weight.shape, generator=generator) * scale
    return model.eval()


def chats():
    talk = [('system', 'Be brief.'), ('user', 'What is 4 + 7?'), ('assistant', '4 + 7 = 11, so 4 + 7 = 11.'), ('user', 'And a list?\n1, 2')]
    tools_text = ('Tools:\n- what the sky will be like: forecast(location)\n- how to go by rail: rail(from, to)\n' + corpus.tools.TOOL_ORDER)
    for messages in (talk[1:2], talk, talk[1:]):
        yield {'messages': [{'role': r, 'content': c} for r, c in messages], 'text': render_prompt([Message(*m) for m in messages])}
    ask = ('user', 'Will it rain in Rask?')
    for before, system in (((), tools_text), ((('system', 'Be brief.'),), 'Be brief.\n' + tools_text)):
        yield {'messages': [{'role': r, 'content': c} for r, c in (*before, ask)], 'tools': TOOLS,
               'text': render_prompt([Message('system', system), Message(*ask)])}


def main():
    (FIXTURES / 'models').mkdir(parents=True, exist_ok=True)
    (FIXTURES / 'goldens').mkdir(exist_ok=True)
    made = make_tokenizer()
    model = make_model()
    export.write_gguf(MODEL, model, made, 'linnet-fixture', 'Q4_0')
    rng = random.Random(3)
    generator = corpus.Generator(SIZES['tiny'])
    samples = [m.content for skill in corpus.SKILLS for m in generator.example(rng, skill).messages]
    texts = [{'text': t, 'plain': made.encode(t, parse_special=False), 'special': made.encode(t)} for t in AWKWARD + samples]
    content = {'texts': texts, 'chats': list(chats())}
    (FIXTURES / 'text.json').write_text(json.dumps(content, ensure_ascii=True) + '\n', encoding='utf-8')
    prompts = [('short', chats_text(0)), ('long', ''.join(chats_text(i) for i in (1, 3, 4)))]
    golden.write_golden(FIXTURES / 'goldens' / 'fixture-q4_0.json', MODEL, export.as_in_file(model, 'Q4_0'), made, prompts)
    for path in sorted(FIXTURES.rglob('*.*')):
        print(path.relative_to(FOLDER), path.stat().st_size)


def chats_text(index):
    return list(chats())[index]['text']


if __name__ == '__main__':
    main()
