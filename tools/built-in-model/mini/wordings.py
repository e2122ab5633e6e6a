"""Filling templates: `{slot}` is replaced by name; a template set has a training and a held-out side. Knows no skill."""
import json
import re
from pathlib import Path

WRITTEN = Path(__file__).resolve().parent.parent / 'data' / 'wordings'
_SLOT = re.compile(r'\{(\w+)\}')


def fill(template, **values):
    return _SLOT.sub(lambda m: str(values[m.group(1)]), template)


def choose(rng, templates, side, **values):
    """A template of `side`, filled. `templates` is {'train': [...], 'held': [...]}."""
    return fill(rng.choice(templates[side]), **values)


def lines(text):
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def sides(train, held):
    """A template set from two blocks of text, one template a line; literal `\\n` is a line break."""
    both = {'train': [l.replace('\\n', '\n') for l in lines(train)], 'held': [l.replace('\\n', '\n') for l in lines(held)]}
    assert not (set(both['train']) & set(both['held'])) - {'{q}'}, both  # the bare question is no wording
    return both


def written(name):
    """More training wordings, written by people who had not seen the held-out ones: ../data/wordings/NAME.json."""
    return json.loads((WRITTEN / f'{name}.json').read_text(encoding='utf-8'))


def extend(templates, more):
    """Adds training wordings to a template set."""
    known = {*templates['train'], *templates['held']}
    templates['train'] += [l for l in (m.replace('\\n', '\n') for m in more) if l not in known]


def article(word):
    return ('an ' if word[0] in 'aeiou' else 'a ') + word


def listed(items, last='and'):
    """a, b and c"""
    return items[0] if len(items) == 1 else f'{", ".join(items[:-1])} {last} {items[-1]}'


def lower_first(text):
    first = text.split(' ', 1)[0]
    return text if first == 'I' or first.startswith("I'") or (len(first) > 1 and first[1:] != first[1:].lower()) \
        or first in ('Linnet', 'Q4_0', 'Q8_0') else text[0].lower() + text[1:]
