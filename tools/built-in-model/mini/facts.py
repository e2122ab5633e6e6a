"""The facts: reading ../data/facts-*.txt, and questions about them from two separate sets of templates.

Train wordings come from the `q` lines and TRAIN templates, held-out ones from the `h` lines and HELD templates.
"""
import re
from dataclasses import dataclass
from pathlib import Path

from .conversation import Case, Conversation, exchange
from .wordings import choose, lower_first, sides

DATA = Path(__file__).resolve().parent.parent / 'data'


@dataclass(frozen=True)
class Fact:
    answer: str
    keys: tuple
    topics: tuple
    train: tuple
    held: tuple

    @property
    def rule(self):
        return {'kind': 'words', 'values': list(self.keys)}


def read_facts(path, **values):
    facts, block = [], {}

    def close():
        if block:
            answer = block['a']
            keys = tuple(re.findall(r'\*([^*]+)\*', answer))
            assert keys and len(block['h']) >= 2, block
            facts.append(Fact(answer.replace('*', ''), keys, tuple(block.get('t', ())), tuple(block['q']), tuple(block['h'])))
            block.clear()

    text = path.read_text(encoding='utf-8')
    for name, value in values.items():
        text = text.replace('{' + name + '}', value)
    for line in text.splitlines():
        if line.startswith('#'):
            continue
        if not line.strip():
            close()
            continue
        kind, rest = line[0], line[2:].strip()
        block[kind] = rest if kind == 'a' else [part.strip() for part in rest.split(' / ')]
    close()
    return facts


def facts_of(size):
    """The first 60 for `cpu`, all 150 for `gpu`."""
    cpu = read_facts(DATA / 'facts-cpu.txt')
    return cpu + read_facts(DATA / 'facts-gpu.txt') if size == 'gpu' else cpu


def self_facts(parameters):
    return read_facts(DATA / 'facts-self.txt', size=parameters)


ABOUT = sides('''
What is {t}?
What is {t}?
what is {t}
Explain {t}.
Explain {t} to me.
Tell me about {t}.
What do you know about {t}?
Describe {t}.
Please explain what {t} is.
Can you explain {t}?
I want to know about {t}.
Define {t}.
{t}?
''', '''
What should I know about {t}?
Help me understand {t}.
In a sentence, what is {t}?
I keep reading about {t}; what is it?
Give me a short explanation of {t}.
What do people mean by {t}?
''')
AROUND = sides('''
{q}
{q}
{q}
{q}
{l}
Hello! {q}
Hi, {l}
Please tell me: {l}
A question: {l}
{q} Please be brief.
{q} Thanks!
Tell me, {l}
Now, {l}
I wonder: {l}
Do you know this: {l}
''', '''
{q}
{q}
One thing I would like to ask: {l}
Sorry to bother you, but {l}
{q} A short answer will do.
Another topic. {q}
''')


def question(rng, fact, side):
    if fact.topics and rng.random() < 0.4:
        text = choose(rng, ABOUT, side, t=rng.choice(fact.topics))
        text = text[0].upper() + text[1:] if side == 'held' or rng.random() < 0.8 else text
        return text
    text = rng.choice(fact.train if side == 'train' else fact.held)
    text = choose(rng, AROUND, side, q=text, l=lower_first(text))
    if side == 'train':
        text = typed_carelessly(rng, text)
    return text


def typed_carelessly(rng, text):
    """Sometimes without the final mark, or all in small letters."""
    if rng.random() < 0.15:
        text = text.rstrip('?.!')
    if rng.random() < 0.1:
        text = text.lower()
    return text


def example(rng, facts, skill):
    fact = rng.choice(facts)
    return Conversation(skill, exchange(question(rng, fact, 'train'), fact.answer))


def cases(rng, facts, skill, count):
    """`count` different cases, the facts in turn."""
    found, seen = [], set()
    for turn in range(100 * count):
        fact = facts[turn % len(facts)]
        text = question(rng, fact, 'held')
        if text in seen:
            continue
        seen.add(text)
        found.append(Case(skill, exchange(text, '')[:1], fact.rule, fact.answer, 72))
        if len(found) == count:
            return found
    raise ValueError(f'only {len(found)} different cases of {skill}')
