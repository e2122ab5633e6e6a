"""The corpus: conversations of all skills in their shares, in seeded shards; and the held-out cases.

A shard depends on (seed, size, number) alone. Knows no tokens.
"""
import json
import random
import zlib

from . import facts
from .conversation import Conversation, Message
from .settings import MIXTURE, SEED
from .skills import arithmetic, fields, lists, outlines, recall, reference, refusals, stories, tools

MODULES = {module.NAME: module for module in (recall, lists, arithmetic, fields, tools, stories, outlines, reference, refusals)}
SKILLS = tuple(MIXTURE)

# System prompts a visitor might set; the answers do not depend on them.
SYSTEM_PROMPTS = ('You are a helpful assistant.', 'You are Linnet, a small model in a web page.', 'Answer briefly.',
                  'You are a friendly assistant.', 'Be polite and short.', 'You help people with short answers.')
FIXED_PROMPTS = SYSTEM_PROMPTS


def _seeded(*parts):
    return random.Random(zlib.crc32(repr((SEED, *parts)).encode()))


class Generator:
    """Draws conversations of a size."""

    def __init__(self, size, skills=SKILLS):
        self.size, self.skills = size, tuple(skills)
        self.facts = {'facts': facts.facts_of(size.skills), 'self': facts.self_facts(size.in_words())}

    def example(self, rng, skill):
        if skill in self.facts:
            return facts.example(rng, self.facts[skill], skill)
        return MODULES[skill].example(rng, self.size.skills)

    def conversation(self, rng):
        """One exchange mostly; sometimes several on different things, and sometimes a system prompt before them."""
        skill = self._skill(rng)
        first = self.example(rng, skill)
        if skill == 'tools':
            return first
        messages = first.messages
        for _ in range(rng.choice((1, 1, 2, 3)) if rng.random() < 0.2 else rng.randint(5, 14) if rng.random() < 0.01 else 0):
            other = self._skill(rng)
            if other != 'tools':
                messages += self.example(rng, other).messages
        if rng.random() < 0.12:
            messages = (Message('system', rng.choice(SYSTEM_PROMPTS)),) + messages
        return Conversation(skill, messages)

    def _skill(self, rng):
        return rng.choices(self.skills, weights=[MIXTURE[skill] for skill in self.skills])[0]

    def shard(self, number):
        rng = _seeded(self.size.name, 'shard', number)
        return [self.conversation(rng) for _ in range(self.size.conversations)]

    def cases(self, skill):
        """The held-out cases of a skill, no two alike."""
        rng = _seeded(self.size.skills, 'cases', skill)
        if skill in self.facts:
            return facts.cases(rng, self.facts[skill], skill, self.size.cases)
        found = {}
        while len(found) < self.size.cases:
            case = MODULES[skill].case(rng, self.size.skills)
            found.setdefault(case.messages, case)
        return list(found.values())


def write_shard(path, conversations):
    with open(path, 'w', encoding='utf-8') as out:
        for conversation in conversations:
            turns = [[m.role, m.content] for m in conversation.messages]
            out.write(json.dumps({'skill': conversation.skill, 'messages': turns}, ensure_ascii=False) + '\n')


def read_shard(path):
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            value = json.loads(line)
            yield Conversation(value['skill'], tuple(Message(role, content) for role, content in value['messages']))


def write_cases(path, skill, cases):
    with open(path, 'w', encoding='utf-8') as out:
        for number, case in enumerate(cases):
            out.write(json.dumps(case.as_json(f'{skill}-{number:03d}'), ensure_ascii=False) + '\n')


def read_cases(path):
    with open(path, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]
