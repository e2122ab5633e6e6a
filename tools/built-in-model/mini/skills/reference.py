"""Referring to what was said two turns ago: a statement, something else in between, and a question about the statement."""
from .. import words
from ..conversation import Case, Conversation, Message, exchange
from ..wordings import article, choose, extend, sides, written
from . import arithmetic, lists

NAME = 'reference'


def _kind(says, acks, asks, answer, draw):
    return {'says': sides(*says), 'acks': acks, 'asks': sides(*asks), 'answer': answer, 'draw': draw}


_ANY_NAME = words.name
KINDS = [
    _kind(('My dog is called {v}.\nI have a dog named {v}.\nThe name of my dog is {v}.\nThis is my dog {v}.',
           'We named our dog {v}.\nMy dog listens to the name {v}.'),
          ['{v} is a nice name for a dog.', 'Hello to your dog {v}!'],
          ('What is my dog called?\nWhat is the name of my dog?\nDo you remember the name of my dog?\nHow is my dog called?\nTell me the name of my dog.\nHow did I name my dog?\nSay again what my dog is called.',
           'Which name did I give my dog?\nTell me again how my dog is named.'), 'Your dog is called {v}.', _ANY_NAME),
    _kind(('My name is {v}.\nI am {v}.\nHi, I am {v}.\nCall me {v}.\nHello, my name is {v}.', 'People know me as {v}.\nYou may call me {v}.'),
          ['Hello, {v}!', 'Nice to meet you, {v}.'],
          ('What is my name?\nWho am I?\nDo you know my name?\nWhat am I called?\nHow do you call me?\nSay my name.\nWhich name is mine?\nHow am I called?',
           'Which name did I tell you?\nCan you say how I am called?'), 'Your name is {v}.', _ANY_NAME),
    _kind(('I live in {v}.\nMy home is in {v}.\nI come from {v}.\nI am from {v}.', 'I moved to {v} some time ago.\nMy house stands in {v}.'),
          ['{v} sounds like a good place.', 'I hope you like {v}.'],
          ('Where do I live?\nWhere am I from?\nIn which city do I live?\nWhere is my home?\nTell me where I live.\nWhich city is my home?\nWhat did I say about my home?',
           'Which city did I name as my home?\nTell me again where I live.'), 'You live in {v}.', words.city),
    _kind(('My favourite colour is {v}.\nI like {v} best.\nThe colour I like is {v}.\n{V} is my colour.',
           'Of all colours I prefer {v}.\nNo colour is as good as {v}.'),
          ['{V} is a fine colour.', 'I will keep in mind that you like {v}.'],
          ('What is my favourite colour?\nWhich colour do I like?\nWhat colour did I tell you?\nDo you know my colour?\nName my colour.\nWhich colour is the best for me?\nWhich colour do I prefer?',
           'Which colour did I say is the best?\nName the colour that I prefer.'), 'Your favourite colour is {v}.',
          lambda r, s: words.anything(r, words.COLOURS, s)),
    _kind(('The code is {v}.\nRemember the number {v}.\nMy number is {v}.\nKeep the number {v} in mind.',
           'Please hold on to the number {v}.\nThe number I need later is {v}.'),
          ['I will keep {v} in mind.', 'The number is {v}, got it.'],
          ('What was the number?\nWhich number did I tell you?\nWhat is the code?\nTell me the number.\nSay the number again.\nWhich number did you keep for me?\nWhat number did I give you?',
           'Which number should you keep?\nSay the number I gave you.'), 'The number is {v}.',
          lambda r, s: str(words.number(r, s, 10, 9999))),
    _kind(('I work as {a}.\nI am {a}.\nMy job is {v}.\nI became {a}.', 'I earn my living as {a}.\nBy trade I am {a}.'),
          ['That is good work.', 'It must be interesting to be {a}.'],
          ('What is my job?\nWhat do I work as?\nWhich job do I have?\nWhat do I do for work?\nTell me what my work is.\nWhich job did I tell you about?\nName my job.',
           'Which job did I say I have?\nTell me again what my work is.'), 'You work as {a}.',
          lambda r, s: words.anything(r, words.JOBS, s)),
    _kind(('I will eat {v} today.\nToday there is {v} for lunch.\nI am cooking {v}.\nMy lunch is {v}.',
           'On my plate there will be {v}.\nFor lunch I decided on {v}.'),
          ['Enjoy your {v}!', '{V} for lunch, very good.'],
          ('What do I eat today?\nWhat is for lunch?\nWhat am I cooking?\nWhich food did I tell you about?\nName my lunch.\nWhat will I eat?\nWhat did I say about lunch?',
           'What did I say I would eat?\nName the food I spoke about.'), 'You have {v} for lunch.',
          lambda r, s: words.anything(r, words.FOODS, s)),
    _kind(('I lost my {v}.\nMy {v} is gone.\nI cannot find my {v}.\nI am looking for my {v}.',
           'My {v} has disappeared.\nSomebody took my {v}.'),
          ['I am sorry about your {v}.', 'I hope the {v} turns up.'],
          ('What did I lose?\nWhat am I looking for?\nWhat is gone?\nWhich thing did I lose?\nWhat is missing?\nName the thing that I lost.\nWhich thing is not found?',
           'What did I say is missing?\nWhich thing should be found again?'), 'You lost your {v}.',
          lambda r, s: words.anything(r, words.THINGS, s)),
    _kind(('We meet on {v}.\nThe meeting is on {v}.\nMy visit is on {v}.\nI will come on {v}.',
           'The day of our meeting is {v}.\nLet us say {v} for the meeting.'),
          ['{v} it is.', 'I noted {v}.'],
          ('When do we meet?\nOn which day is the meeting?\nWhich day did I tell you?\nWhen is the meeting?\nName the day of the meeting.\nTell me the day we meet.\nWhich day is it that we said?',
           'Which day did we fix?\nTell me again the day of the meeting.'), 'The meeting is on {v}.',
          lambda r, s: r.choice(words.DAYS['train'] + words.DAYS['held'])),
]
for _number, _more in written('reference').items():
    extend(KINDS[int(_number)]['says'], _more['says'])
    extend(KINDS[int(_number)]['asks'], _more['asks'])
OTHERS = {'train': [arithmetic, lists], 'held': [arithmetic, lists]}


def _between(rng, size, side):
    """An exchange on something else."""
    module = rng.choice(OTHERS[side])
    if side == 'train':
        return module.example(rng, size).messages
    case = module.case(rng, size)
    return case.messages + (Message('assistant', case.reference),)


def _draw(rng, size, side):
    kind = rng.choice(KINDS)
    value = kind['draw'](rng, side)
    values = dict(v=value, a=article(value), V=value[0].upper() + value[1:])
    messages = exchange(choose(rng, kind['says'], side, **values), choose(rng, {side: kind['acks']}, side, **values))
    # One exchange in between makes it two turns ago; in training sometimes none or two.
    for _ in range(rng.choice((0, 1, 1, 1, 2)) if side == 'train' else 1):
        messages += _between(rng, size, side)
    ask = choose(rng, kind['asks'], side)
    return messages, ask, choose(rng, {side: [kind['answer']]}, side, **values), value


def example(rng, size):
    messages, ask, answer, _ = _draw(rng, size, 'train')
    return Conversation(NAME, messages + exchange(ask, answer))


def case(rng, size):
    messages, ask, answer, value = _draw(rng, size, 'held')
    return Case(NAME, messages + (Message('user', ask),), {'kind': 'words', 'values': [value]}, answer, 32)
