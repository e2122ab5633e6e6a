"""The facts: reading ../data/facts-*.txt, and questions about them from two separate sets of templates.

Train wordings come from the `q` lines and TRAIN templates, held-out ones from the `h` lines and HELD templates.
"""
import re
from dataclasses import dataclass, replace
from pathlib import Path

from .conversation import Case, Conversation, exchange
from .wordings import choose, fill, lines, lower_first, sides, written

DATA = Path(__file__).resolve().parent.parent / 'data'


@dataclass(frozen=True)
class Fact:
    answer: str
    keys: tuple
    topics: tuple
    train: tuple
    held: tuple
    keywords: tuple

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
            facts.append(Fact(answer.replace('*', ''), keys, tuple(block.get('t', ())), tuple(block['q']), tuple(block['h']),
                              tuple(block.get('k', ()))))
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
    cpu = _asked_otherwise(read_facts(DATA / 'facts-cpu.txt'), 'facts')
    return cpu + read_facts(DATA / 'facts-gpu.txt') if size == 'gpu' else cpu


def self_facts(parameters):
    return _asked_otherwise(read_facts(DATA / 'facts-self.txt', size=parameters), 'self')


def _asked_otherwise(facts, name):
    """With more training questions, data/wordings/NAME.json: {number of the fact: questions}."""
    more = written(name)
    return [replace(fact, train=(*fact.train, *(q for q in more.get(str(i), ()) if q not in fact.held))) for i, fact in enumerate(facts)]


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
How would you explain {t}?
What should one know of {t}?
I do not understand {t} at all.
I need a short text on {t}.
People mention {t}. What is that?
Some words on {t}, please.
An explanation of {t}, please.
In one sentence: {t}?
I read about {t}. What does it mean?
Help! What is {t}?
Could you say what {t} is?
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
Sorry, {l}
Sorry for asking: {l}
I do not want to bother anybody: {l}
A thing I want to ask is this: {l}
New topic: {l}
{q} That is my topic.
Short: {l}
Give me a short answer: {l}
People keep asking me: {l}
I should know this, but {l}
I never got it: {l}
In one sentence: {l}
Could you tell me: {l}
We were talking about it: {l}
Any idea? {q}
I need an answer: {l}
I am still not sure: {l}
Something else: {l}
Another question: {l}
{q} I would like to understand.
{q} One sentence is enough.
There is one thing: {l}
''', '''
{q}
{q}
One thing I would like to ask: {l}
Sorry to bother you, but {l}
{q} A short answer will do.
Another topic. {q}
''')


# Training only: people also type keywords, and held-out wordings have words that few training questions can have.
KEYWORDS = lines('''
{a}?
{a}, {b}?
{a} {b}
{b}: {a}?
What about {a}?
What about {a} and {b}?
A question on {a}, {b}.
I would like to know about {a} and {b}.
Tell me about {a}, {b}.
Is it about {a} or {b}?
My question is on {a}: {b}?
How is it with {a}, {b}, {c}?
{a}, {b}, {c}
Can you say something on {a} and {b}?
Please help me with {a} and {b}.
Do you know about {a}, {b} or {c}?
''')


def question(rng, fact, side):
    if side == 'train' and len(fact.keywords) > 2 and rng.random() < 0.15:
        a, b, c = rng.sample(fact.keywords, 3)
        return typed_carelessly(rng, fill(rng.choice(KEYWORDS), a=a, b=b, c=c))
    if fact.topics and rng.random() < (0.25 if side == 'train' else 0.4):
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
