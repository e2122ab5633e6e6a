"""Grading an answer by a rule. The rules are data, so that other programs grade alike: ../CASES.md is their definition,
and ../fixtures/grading.json has examples that every implementation has to agree with. Knows no skills.
"""
import json
import math
import re

_NUMBER = re.compile(r'-?[0-9]+')
_SENTENCE_END = re.compile(r'[.!?]["\')]*(?=\s|$)')
_POINT = re.compile(r'(\d+)\. \S.*')


def _words_of(text):
    """Lower-cased runs of ASCII letters and digits with single spaces around each."""
    return ' ' + ' '.join(re.findall(r'[a-z0-9]+', text.lower())) + ' '


def _parsed(answer):
    try:
        return json.loads(answer)
    except ValueError:
        return None


def _equal(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    return a == b


def passes(rule, answer):
    answer = answer.strip()
    kind = rule['kind']
    if kind == 'all':
        return all(passes(r, answer) for r in rule['rules'])
    if kind == 'any':
        return any(passes(r, answer) for r in rule['rules'])
    if kind == 'not':
        return not passes(rule['rule'], answer)
    if kind == 'exact':
        return answer == rule['value']
    if kind == 'contains':
        return all(value.lower() in answer.lower() for value in rule['values'])
    if kind == 'words':
        return all(_words_of(value) in _words_of(answer) for value in rule['values'])
    if kind == 'anyWord':
        return any(_words_of(value) in _words_of(answer) for value in rule['values'])
    if kind == 'lastNumber':
        numbers = _NUMBER.findall(answer)
        return bool(numbers) and int(numbers[-1]) == rule['value']
    if kind == 'json':
        return _equal(_parsed(answer), rule['value'])
    if kind == 'jsonObject':
        return isinstance(_parsed(answer), dict)
    if kind == 'sentences':
        return len(_SENTENCE_END.findall(answer)) >= rule['least']
    if kind == 'numbered':
        points = [_POINT.fullmatch(line.strip()) for line in answer.split('\n')]
        return len(points) == rule['count'] and all(p and int(p[1]) == i + 1 for i, p in enumerate(points))
    raise ValueError(f'no rule is called {kind}')


def wilson(right, total, z=1.96):
    """The 95 % interval of a share."""
    if total == 0:
        return 0.0, 1.0
    p = right / total
    centre, spread = p + z * z / (2 * total), z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return max(0.0, (centre - spread) / (1 + z * z / total)), min(1.0, (centre + spread) / (1 + z * z / total))
