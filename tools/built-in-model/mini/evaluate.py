"""Evaluation on the held-out cases: greedy answers, graded by rule, with 95 % intervals. Knows no training."""
import json

from . import grading
from .conversation import Message, render_prompt
from .generate import answers
from .settings import GOALS
from .skills.refusals import declines

# Cases that must not be declined are those of all other skills.
DECLINING = 'refusal'


def answer_cases(model, tokenizer, cases, device='cpu'):
    """{case id: answer}"""
    prompts = [tokenizer.encode(render_prompt([Message(m['role'], m['content']) for m in case['messages']])) for case in cases]
    end, pad = tokenizer.ids['<|im_end|>'], tokenizer.ids['<|endoftext|>']
    found = answers(model, prompts, end, pad, [case['maxTokens'] for case in cases], device)
    return {case['id']: tokenizer.decode(ids) for case, ids in zip(cases, found)}


def tally(cases, found):
    """{row: (right, total)}: a row a skill, one a tag, `json valid`, `false refusals`."""
    rows = {}

    def count(name, good):
        right, total = rows.get(name, (0, 0))
        rows[name] = (right + bool(good), total + 1)

    for case in cases:
        answer = found[case['id']]
        right = grading.passes(case['rule'], answer)
        count(case['skill'], right)
        for tag in case['tags']:
            count(f'{case["skill"]} · {tag}', right)
        if case['skill'] == 'json':
            count('json valid', grading.passes({'kind': 'jsonObject'}, answer))
        if case['skill'] != DECLINING:
            count('false refusals', grading.passes(declines(), answer))
    return rows


def reached(name, right, total, goals):
    share = right / total
    return share <= goals[name] if name == 'false refusals' else share >= goals[name]


def table(columns, skills_column):
    """Markdown: a row a skill, a column a model. columns: {title: rows of tally}"""
    goals = GOALS[skills_column]
    lines = ['| skill | goal | ' + ' | '.join(columns) + ' |', '| --- | --- |' + ' --- |' * len(columns)]
    names = [n for n in goals if any(n in rows for rows in columns.values())]
    tags = sorted({n for rows in columns.values() for n in rows if ' · ' in n})
    for name in names + tags:
        goal = '' if name not in goals else f'{"<=" if name == "false refusals" else ">="} {goals[name]:.0%}'
        cells = []
        for rows in columns.values():
            right, total = rows[name]
            low, high = grading.wilson(right, total)
            cells.append(f'{right / total:.1%} ({low:.0%}-{high:.0%}), n {total}')
        lines.append(f'| {name} | {goal} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def verdict(rows, skills_column):
    """A line a required skill with the distance of those that miss, and `N passed, N failed`."""
    goals, lines, passed = GOALS[skills_column], [], 0
    for name, goal in goals.items():
        if name not in rows:
            continue
        right, total = rows[name]
        good = reached(name, right, total, goals)
        passed += good
        distance = '' if good else f', {abs(right / total - goal):.1%} short'
        lines.append(f'{"pass" if good else "FAIL"} {name}: {right}/{total} = {right / total:.1%}, goal {goal:.0%}{distance}')
    return '\n'.join([*lines, f'{passed} passed, {len(lines) - passed} failed'])


def save_answers(path, cases, found):
    with open(path, 'w', encoding='utf-8') as out:
        for case in cases:
            answer = found[case['id']]
            out.write(json.dumps({'id': case['id'], 'right': grading.passes(case['rule'], answer), 'answer': answer}, ensure_ascii=False) + '\n')
