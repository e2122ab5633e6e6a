"""Fields of a sentence into JSON, no grammar mask. Which fields are wanted, and in what order, the request says."""
import json

from .. import words
from ..conversation import Case, Conversation, exchange
from ..wordings import choose, extend, listed, sides, written

NAME = 'json'

_NUM = words.number
_P = words.pick
_ANY = words.anything
SCHEMAS = [
    ({'name': words.name, 'age': lambda r, s: _NUM(r, s, 5, 99), 'city': words.city, 'job': lambda r, s: _ANY(r, words.JOBS, s)},
     sides('{name} is {age} years old, lives in {city} and works as a {job}.\n'
           'The {job} {name}, {age}, comes from {city}.\nMeet {name} from {city}: {job}, {age} years old.\n'
           '{name} ({age}) is a {job} in {city}.\nIn {city} lives a {job} called {name}, aged {age}.\n{name}, {age} years of age, is a {job} in {city}.\nAged {age}, {name} works in {city} as a {job}.\nOur {job} {name} lives in {city} and is {age}.',
           'At the age of {age}, {name} moved to {city} to be a {job}.\nOur {job} is {name}, {age} years of age, of {city}.')),
    ({'item': lambda r, s: _ANY(r, words.GOODS, s), 'count': lambda r, s: _NUM(r, s, 2, 99),
      'price': lambda r, s: _NUM(r, s, 1, 99), 'customer': words.name},
     sides('{customer} ordered {count} {item} for {price} euros.\n{count} {item} at {price} euros go to {customer}.\n'
           'An order of {customer}: {count} {item}, {price} euros.\nPlease send {count} {item} to {customer}, price {price} euros.\n'
           '{customer} bought {count} {item} and paid {price} euros.\n{customer} gets {count} {item} and pays {price}.\nFor {price} euros {count} {item} go to {customer}.\n{customer} wants {count} {item} at {price} euros.',
           'For {price} euros, {customer} gets {count} {item}.\n{customer} would like to have {count} {item} and pays {price} euros.')),
    ({'person': words.name, 'day': lambda r, s: _P(r, words.DAYS, 'train'), 'hour': lambda r, s: _NUM(r, s, 1, 24), 'place': words.city},
     sides('Meet {person} on {day} at {hour} in {place}.\n{person} comes to {place} on {day} at {hour}.\n'
           'On {day} at {hour} there is a talk with {person} in {place}.\nThe meeting with {person} in {place} is on {day} at {hour}.\n'
           '{day}, {hour}: {person}, in {place}.\nAt {hour}, {person} is in {place}; the day is {day}.\nWe wait for {person} in {place} on {day} at {hour}.\nIn {place} we see {person}: {day}, {hour}.',
           'We see {person} in {place}, {day} at {hour}.\nAt {hour} on {day}, {person} waits in {place}.')),
    ({'animal': lambda r, s: _ANY(r, words.ANIMALS, s), 'name': words.name, 'colour': lambda r, s: _ANY(r, words.COLOURS, s),
      'age': lambda r, s: _NUM(r, s, 1, 40)},
     sides('{name} is a {colour} {animal}, {age} years old.\nThe {animal} {name} is {colour} and {age} years old.\n'
           'We have a {colour} {animal} named {name}, aged {age}.\nMy {animal} is called {name}; it is {colour} and {age} years old.\n{name} is the name of a {colour} {animal} of {age} years.\nA {colour} {animal}, {age} years, is called {name}.\nAged {age}, {name} is a {colour} {animal}.',
           'Aged {age}, the {colour} {animal} {name} is still lively.\nA {colour} {animal} of {age} years answers to {name}.')),
    ({'product': lambda r, s: _ANY(r, words.THINGS, s), 'colour': lambda r, s: _ANY(r, words.COLOURS, s),
      'price': lambda r, s: _NUM(r, s, 1, 999), 'shop': words.city},
     sides('The {colour} {product} costs {price} in {shop}.\nIn {shop} they sell a {colour} {product} for {price}.\n'
           'A {colour} {product} from {shop} costs {price}.\n{shop} has a {colour} {product} at {price}.\nYou pay {price} for a {colour} {product} in {shop}.\nFor {price}, {shop} sells a {product} in {colour}.\nThe {product} in {shop} is {colour} and costs {price}.',
           'For {price} you get the {colour} {product} in {shop}.\nYou pay {price} in {shop} for a {product} in {colour}.')),
    ({'from': words.city, 'to': words.city, 'train': lambda r, s: _NUM(r, s, 10, 999), 'hour': lambda r, s: _NUM(r, s, 1, 24)},
     sides('Train {train} goes from {from} to {to} at {hour}.\nAt {hour} train {train} leaves {from} for {to}.\n'
           'From {from} to {to} take train {train} at {hour}.\nTrain {train} from {from} reaches {to} at {hour}.\nBy train {train} you go to {to} from {from} at {hour}.\nAt {hour}, number {train} runs from {from} to {to}.\nTo {to} goes train {train}, from {from}, at {hour}.',
           'You go from {from} to {to} by train {train} at {hour}.\nThe train with number {train} runs {from} to {to} at {hour}.')),
    ({'title': lambda r, s: f'The {_ANY(r, words.COLOURS, s).title()} {_ANY(r, words.THINGS, s).title()}', 'author': words.name,
      'pages': lambda r, s: _NUM(r, s, 20, 999), 'year': lambda r, s: _NUM(r, s, 1900, 2025)},
     sides('{author} wrote "{title}" in {year}; it has {pages} pages.\n"{title}" by {author} ({year}) has {pages} pages.\n'
           'The book "{title}" of {year}, {pages} pages, is by {author}.\nIn {year} {author} published "{title}" with {pages} pages.\n"{title}" came out in {year}: {pages} pages by {author}.\nWith {pages} pages, {author} published "{title}" in {year}.\n{author} needed the year {year} for the {pages} pages of "{title}".',
           'With {pages} pages, "{title}" by {author} came out in {year}.\n{author} needed {pages} pages for "{title}" in {year}.')),
    ({'team': words.city, 'points': lambda r, s: _NUM(r, s, 1, 99), 'rank': lambda r, s: _NUM(r, s, 1, 20)},
     sides('{team} has {points} points and is number {rank}.\nOn rank {rank} is {team} with {points} points.\n'
           'With {points} points, {team} is on rank {rank}.\nThe team of {team} won {points} points, rank {rank}.\nRank {rank}: {team}, {points} points.\n{points} points put {team} on rank {rank}.\n{team} stands on rank {rank} and has {points} points.',
           'Rank {rank} goes to {team}, which has {points} points.\n{team} stands at {points} points, that is rank {rank}.')),
]
REQUESTS = sides('''Extract {f} as JSON: {x}
Turn this into JSON with {f}: {x}
Give me {f} as JSON. {x}
{x}\\nReturn {f} as JSON.
{x}\\n\\nWrite {f} as JSON.
Make JSON with the fields {f} from this: {x}
Read this and answer with JSON ({f}): {x}
JSON with {f}, please: {x}
Fields: {f}. Text: {x} Answer as JSON.
From the text take {f} and write JSON.\\n{x}
I need JSON with {f}. Text: {x}
Put {f} into JSON: {x}
{x}\\nA JSON object of {f}, please.
Make a JSON object of {f}. {x}
As an object, {f}. From the text: {x}
Take {f} out of that text as an object: {x}
''', '''I need {f} in JSON form from this text: {x}
{x}\\nPut {f} of that into a JSON object.
Make an object with {f}. The text: {x}
''')


_MORE = written('json')
for _number, _sentences in _MORE['schemas'].items():
    extend(SCHEMAS[int(_number)][1], _sentences)
extend(REQUESTS, _MORE['requests'])


def _draw(rng, size, side):
    draws, sentences = rng.choice(SCHEMAS)
    values = {}
    for key, draw in draws.items():
        values[key] = draw(rng, side)
        while list(values.values()).count(values[key]) > 1:
            values[key] = draw(rng, side)
    sentence = choose(rng, sentences, side, **values)
    keys = [k for k in draws if rng.random() < 0.8]
    if len(keys) < 2:
        keys = rng.sample(list(draws), 2)
    if rng.random() < 0.4:
        rng.shuffle(keys)
    fields = ', '.join(keys) if rng.random() < 0.5 else listed(keys)
    wanted = {key: values[key] for key in keys}
    return choose(rng, REQUESTS, side, f=fields, x=sentence), wanted


def example(rng, size):
    prompt, wanted = _draw(rng, size, 'train')
    return Conversation(NAME, exchange(prompt, json.dumps(wanted)))


def case(rng, size):
    prompt, wanted = _draw(rng, size, 'held')
    return Case(NAME, exchange(prompt, '')[:1], {'kind': 'json', 'value': wanted}, json.dumps(wanted), 80)
