"""A numbered outline on a topic, and the expansion of one of its points."""
from .. import words
from ..conversation import Case, Conversation, Message, exchange
from ..wordings import choose, extend, fill, sides, written

NAME = 'outline'

NUMBERS = {2: 'two', 3: 'three', 4: 'four', 5: 'five', 6: 'six'}
REQUESTS = sides('''Write an outline with {n} points about {t}.
Give me an outline of {n} points on {t}.
Outline {t} in {n} points.
Make a numbered outline on {t} with {n} points.
An outline about {t}, {n} points please.
List {n} points on {t}.
I want to write about {t}. Give me {n} points.
Plan a text about {t} in {n} points.
I need {n} numbered points on {t}.
Structure a text on {t} with {n} points.
A talk on {t}: give me {n} points.
Help me with {t}: {n} points, please.
An essay about {t} in {n} points, only the list.
''', '''Help me plan a talk on {t}: {n} numbered points.
For an essay about {t} I need a list of {n} points.
Please structure the topic {t} with {n} points.
''')
EXPANSIONS = sides('''Expand point {i}.
Expand point {i} please.
Write more about point {i}.
Tell me more about number {i}.
Write out point {i}.
Please expand number {i}.
More on point {i}.
Details on point {i}, please.
Say more about number {i}.
I want to read about point {i}.
Can you go on with point {i}?
''', '''Go into detail on point {i}.
I would like to read more on number {i}.
Can you say more on point {i}?
''')
extend(REQUESTS, written('lists')['OUTLINE'])
extend(EXPANSIONS, written('lists')['EXPANSION'])
# A point, and two texts of two or three sentences that expand it.
POINTS = [
    ('What {t} is', ['{T} is something many people do in their free time. It can be quiet or lively, as you like.',
                     '{T} means different things to different people. For most it is a hobby, for some it is work.']),
    ('Why people like {t}', ['People like {t} because it clears the head. You also see what you have done at the end of the day.',
                             'Many say that {t} makes them calm. Others enjoy {t} because they meet friends.']),
    ('What you need', ['To start with {t} you need only a few things. Borrow them first, and buy your own later.',
                       'Good tools help in {t}, but they need not be dear. Ask somebody who knows {t} before you buy.']),
    ('The first steps', ['Begin {t} with something small. When it works, try the next step, and take your time.',
                         'At first, watch somebody who is good at {t}. Then try it yourself for a short while each day.']),
    ('Common mistakes', ['A common mistake in {t} is to want too much at once. Another is to give up after a bad day.',
                         'Beginners in {t} often hurry. Slow down, and look at what went wrong.']),
    ('How to practise', ['Practise {t} a little every day. Short and often is better than long and seldom.',
                         'Choose one part of {t} and repeat it until it is easy. Then choose the next part.']),
    ('Where to do it', ['You can find a place for {t} in most towns. Ask for a club, or begin at home.',
                        'Some do {t} at home, some outside. Try both and see what you like.']),
    ('With friends', ['With friends {t} is more fun. You help each other and laugh about mistakes.',
                      'Ask a friend to try {t} with you. Together it is easier to go on.']),
    ('What it costs', ['The cost of {t} can be low. Start with what you have, and save for the rest.',
                       'Set a limit before you spend money on {t}. Used things are often good enough.']),
    ('How to stay safe', ['Safety comes first in {t}. Read the rules, and stop when you are tired.',
                          'Before {t}, check your things and tell somebody where you are. Then you can enjoy it.']),
    ('A short history', ['People have known {t} for a long time. Over the years it has changed, but the idea is the same.',
                         'The history of {t} is long. What was once work is now joy for many.']),
    ('Good books and teachers', ['A good teacher saves you months of {t}. A good book can do the same for less.',
                                 'Look for a book about {t} in the library. Later a teacher can correct what you do.']),
    ('What can go wrong', ['In {t} things go wrong now and then. Keep calm, note what happened, and try again.',
                           'Bad weather or a bad mood can spoil {t}. Have a second plan.']),
    ('The next steps', ['When the basics of {t} are easy, set a goal. A small show or contest can be one.',
                        'After the first months of {t}, look for people who are better than you. From them you learn most.']),
]
FOCUSED = {'What {t} is', 'Why people like {t}'}


def _outline(rng, topic, count):
    first = [p for p in POINTS if p[0] in FOCUSED]
    rest = [p for p in POINTS if p[0] not in FOCUSED]
    points = ([rng.choice(first)] if rng.random() < 0.7 else []) + rng.sample(rest, count)
    return points[:count]


def _draw(rng, side, with_topic=None):
    topic = with_topic or words.anything(rng, words.TOPICS, side)
    count = rng.choice((3, 3, 4, 4, 5))
    points = _outline(rng, topic, count)
    asked = count if rng.random() < 0.5 else NUMBERS[count]
    request = choose(rng, REQUESTS, side, n=asked, t=topic)
    titles = [fill(p[0], t=topic) for p in points]
    return topic, points, titles, request, '\n'.join(f'{i + 1}. {title}' for i, title in enumerate(titles))


def _expansion(rng, topic, point, title):
    return f'{title}: ' + fill(rng.choice(point[1]), t=topic, T=topic[0].upper() + topic[1:])


def example(rng, size):
    topic, points, titles, request, outline = _draw(rng, 'train')
    messages = exchange(request, outline)
    for index in rng.sample(range(len(points)), rng.choice((0, 1, 1, 2))):
        ask = choose(rng, EXPANSIONS, 'train', i=index + 1)
        messages += exchange(ask, _expansion(rng, topic, points[index], titles[index]))
    return Conversation(NAME, messages)


def case(rng, size):
    topic, points, titles, request, outline = _draw(rng, 'held')
    if rng.random() < 0.5:
        rule = {'kind': 'numbered', 'count': len(points)}
        return Case(NAME, exchange(request, '')[:1], rule, outline, 72, ('outline',))
    index = rng.randrange(len(points))
    messages = exchange(request, outline) + (Message('user', choose(rng, EXPANSIONS, 'held', i=index + 1)),)
    rule = {'kind': 'all', 'rules': [{'kind': 'contains', 'values': [titles[index]]}, {'kind': 'sentences', 'least': 2}]}
    return Case(NAME, messages, rule, _expansion(rng, topic, points[index], titles[index]), 72, ('expansion',))
