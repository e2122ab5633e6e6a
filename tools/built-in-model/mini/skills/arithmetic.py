"""Addition and subtraction, worked digit by digit, so that a few layers suffice. Every eighth pair is held out."""
from .. import words
from ..conversation import Case, Conversation, exchange
from ..wordings import choose, extend, sides, written

NAME = 'arithmetic'
DIGITS = {'cpu': 2, 'gpu': 3}

ADD = sides('''What is {a} + {b}?
{a} + {b}
{a} + {b} =
{a}+{b}
Add {a} and {b}.
What is {a} plus {b}?
{a} plus {b}
How much is {a} + {b}?
Calculate {a} + {b}.
Compute {a} plus {b}.
Work out {a} + {b}.
What do {a} and {b} make?
The sum of {a} and {b}?
I have {a} coins and get {b} more. How many have I now?
There are {a} birds and {b} more come. How many are there?
Put {a} and {b} together.
What do I get for {a} and {b} together?
The total of {a} and {b}?
{a} pens and {b} pens, how many pens is that?
Find {a} plus {b}.
''', '''Please find {a} + {b}.
If I put {a} and {b} together, what do I get?
Tell me the total of {a} and {b}.
A box has {a} pens, I add {b} pens. How many pens are in it?
''')
SUBTRACT = sides('''What is {a} - {b}?
{a} - {b}
{a} - {b} =
{a}-{b}
Subtract {b} from {a}.
What is {a} minus {b}?
{a} minus {b}
How much is {a} - {b}?
Calculate {a} - {b}.
Compute {a} minus {b}.
Work out {a} - {b}.
Take {b} away from {a}.
The difference of {a} and {b}?
I have {a} coins and give away {b}. How many have I now?
There are {a} birds and {b} fly away. How many are there?
{b} from {a}: what is left?
What is left of {a} without {b}?
How far is it from {b} to {a}?
Of {a} pens I remove {b}. How many pens are left?
Find {a} minus {b}.
''', '''Please find {a} - {b}.
If I take {b} from {a}, what is left?
How far is {b} below {a}?
A box has {a} pens, I remove {b} pens. How many pens are in it?
''')


extend(ADD, written('lists')['ADD'])
extend(SUBTRACT, written('lists')['SUBTRACT'])


def _digits(value):
    return [int(c) for c in reversed(str(value))]


def added(a, b):
    """`7 + 8 = 15, 4 + 3 + 1 = 8, so 47 + 38 = 85.`: from the right, the carry as a third summand."""
    x, y, carry, steps = _digits(a), _digits(b), 0, []
    for i in range(max(len(x), len(y))):
        p, q = x[i] if i < len(x) else 0, y[i] if i < len(y) else 0
        total = p + q + carry
        steps.append(f'{p} + {q}{" + 1" if carry else ""} = {total}')
        carry = total // 10
    return f'{", ".join(steps)}, so {a} + {b} = {a + b}.'


def subtracted(a, b):
    """`12 - 8 = 4, 5 - 3 - 1 = 1, so 52 - 38 = 14.`: from the right, with ten borrowed where needed."""
    x, y, borrow, steps = _digits(a), _digits(b), 0, []
    for i in range(len(x)):
        q = y[i] if i < len(y) else 0
        top = x[i] + (10 if x[i] - q - borrow < 0 else 0)
        steps.append(f'{top} - {q}{" - 1" if borrow else ""} = {top - q - borrow}')
        borrow = 1 if top > 9 else 0
    return f'{", ".join(steps)}, so {a} - {b} = {a - b}.'


def _draw(rng, size, side):
    digits = DIGITS[size]
    while True:
        if side == 'held':
            low, high = 10 ** (digits - 1), 10 ** digits - 1
        else:
            low, high = 0, 10 ** rng.choice([digits, digits, digits, rng.randint(1, digits)]) - 1
        a, b = rng.randint(low, high), rng.randint(low, high)
        if words.side_of(f'{a} and {b}') == side:
            break
    if rng.random() < 0.5:
        return choose(rng, ADD, side, a=a, b=b), added(a, b), a + b
    # A swapped pair may be of the other side as written, so the order decides first.
    if a < b:
        return _draw(rng, size, side)
    return choose(rng, SUBTRACT, side, a=a, b=b), subtracted(a, b), a - b


def example(rng, size):
    prompt, answer, _ = _draw(rng, size, 'train')
    return Conversation(NAME, exchange(prompt, answer))


def case(rng, size):
    prompt, answer, value = _draw(rng, size, 'held')
    return Case(NAME, exchange(prompt, '')[:1], {'kind': 'lastNumber', 'value': value}, answer, 80)
