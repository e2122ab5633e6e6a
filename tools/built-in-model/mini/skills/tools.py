"""Pick a tool from a described list and give its arguments as JSON, no grammar mask.

Each intent has several names, descriptions and argument names; those of the held-out side never occur in training, so
that the list has to be read. In training some tools even have made-up names. A line of the list says what a tool does
before its name: attention looks back only, so a name can know what was said of it, and what is said cannot know the name.
"""
import json

from .. import words
from ..conversation import Case, Conversation, Message, TOOL_ORDER
from ..wordings import choose, extend, sides, written

NAME = 'tools'


def _intent(names, says, arguments, asks):
    """arguments: {slot: (train names, held-out name, draw)}"""
    return {'names': sides(*names), 'says': sides(*says), 'arguments': arguments, 'asks': sides(*asks)}


def _one_of(train, held, capital=False):
    """One of a few; in training often another word in its place."""
    def draw(rng, side):
        word = words.anything(rng, {'train': train, 'held': held}, side)
        return word.capitalize() if capital else word
    return draw


def _number(low, high):
    return lambda r, s: words.number(r, s, low, high)


_CITY = (('city', 'place', 'town'), 'location', words.city)
_PERSON = (('name', 'person', 'to'), 'contact', words.name)
_TEXT = (('text', 'message', 'words'), 'content', lambda r, s: f'{words.anything(r, words.ADJECTIVES, s)} {words.anything(r, words.THINGS, s)}')
INTENTS = [
    _intent(('get_weather\nweather\ncity_weather', 'forecast'),
            ('the weather in a city\ntells the weather of a place\nweather for a town', 'what the sky will be like somewhere'),
            {'c': _CITY},
            ('How is the weather in {c}?\nWill it rain in {c}?\nWhat is the weather like in {c}?\nIs it cold in {c} today?\nweather in {c}\nDo I need a coat in {c}?',
             'Tell me if there will be sun in {c}.\nIs the weather in {c} good for a walk?')),
    _intent(('set_timer\nstart_timer\ntimer', 'countdown'),
            ('start a timer\nrings after some minutes\ntimer for minutes', 'rings when the minutes are over'),
            {'m': (('minutes', 'time', 'length'), 'duration', _number(1, 99))},
            ('Set a timer for {m} minutes.\nWake me in {m} minutes.\nStart a timer of {m} minutes.\nTimer, {m} minutes.\nRing in {m} minutes.\nTell me when {m} minutes are over.',
             'Please count down {m} minutes.\nI want to hear a ring after {m} minutes.')),
    _intent(('send_message\nmessage\nwrite_to', 'text_someone'),
            ('send a message to a person\nwrites to somebody\nmessage to a person', 'brings words to somebody'),
            {'p': _PERSON, 't': _TEXT},
            ('Send {p} the message "{t}".\nWrite "{t}" to {p}.\nTell {p} "{t}".\nMessage {p}: "{t}".\nSend "{t}" to {p}.',
             'Let {p} know this: "{t}".\nPlease get "{t}" to {p}.')),
    _intent(('call\nphone\ncall_person', 'dial'),
            ('call a person\nphones somebody\nstart a phone call', 'rings somebody up'),
            {'p': _PERSON},
            ('Call {p}.\nPhone {p} please.\nI want to talk to {p} on the phone.\nGive {p} a call.\nRing {p}.',
             'Get {p} on the line.\nPlease dial the number of {p}.')),
    _intent(('translate\ntranslate_text\ninto_language', 'convert_language'),
            ('translate a text\nputs text into another language\ntranslation of a text', 'says a text in another language'),
            {'t': _TEXT, 'l': (('language', 'to', 'into'), 'target', _one_of(
                ('German', 'French', 'Spanish', 'Dutch', 'Polish', 'Greek'), ('Italian', 'Danish', 'Turkish'), True))},
            ('Translate "{t}" into {l}.\nHow do you say "{t}" in {l}?\nWhat is "{t}" in {l}?\n"{t}" in {l}, please.\nPut "{t}" into {l}.',
             'I need "{t}" in {l}.\nTurn "{t}" to {l} for me.')),
    _intent(('calculate\ncalculator\nmultiply', 'product_of'),
            ('multiply two numbers\nthe product of two numbers\ntimes two numbers', 'one number times another'),
            {'a': (('a', 'x', 'first'), 'left', _number(2, 999)), 'b': (('b', 'y', 'second'), 'right', _number(2, 999))},
            ('What is {a} times {b}?\nMultiply {a} by {b}.\n{a} times {b}\nHow much is {a} times {b}?\nThe product of {a} and {b}?',
             'Please multiply {a} with {b}.\nI have to know {a} times {b}.')),
    _intent(('play_music\nplay\nplay_song', 'start_track'),
            ('play music of an artist\nplays songs\nmusic by somebody', 'lets me hear an artist'),
            {'a': (('artist', 'by', 'singer'), 'musician', words.name)},
            ('Play music by {a}.\nPlay something by {a}.\nPut on {a}.\nI want to hear {a}.\nPlay a song of {a}.',
             'Let us listen to {a}.\nSome music of {a}, please.')),
    _intent(('add_note\nnote\nsave_note', 'remember_text'),
            ('save a note\nkeeps a text for later\nwrite a note', 'stores words for later'),
            {'t': _TEXT},
            ('Note: "{t}".\nSave the note "{t}".\nWrite down "{t}".\nMake a note "{t}".\nNote down "{t}" for me.',
             'Please keep "{t}" for later.\nPut "{t}" in my notes.')),
    _intent(('buy\nadd_to_list\nshopping', 'put_in_basket'),
            ('put goods on the shopping list\nadds to the shopping list\nthings to buy', 'goods I want to get in the shop'),
            {'i': (('item', 'goods', 'what'), 'product', lambda r, s: words.anything(r, words.GOODS, s)),
             'n': (('count', 'number', 'how_many'), 'amount', _number(2, 99))},
            ('Put {n} {i} on the shopping list.\nWe need {n} {i}.\nBuy {n} {i}.\nAdd {n} {i} to the list.\nI have to buy {n} {i}.',
             'Please get {n} {i} for us.\n{n} {i} are missing in the house.')),
    _intent(('book_table\nreserve\ntable', 'reserve_seats'),
            ('book a table for people on a day\nreserves a table\ntable at a restaurant', 'keeps seats free at a restaurant'),
            {'n': (('people', 'guests', 'count'), 'persons', _number(1, 20)),
             'd': (('day', 'date', 'on'), 'when', lambda r, s: words.pick(r, words.DAYS, 'train'))},
            ('Book a table for {n} on {d}.\nReserve a table for {n} people on {d}.\nA table for {n} on {d}, please.\nOn {d} we need a table for {n}.',
             'We are {n} and want to eat out on {d}.\nGet us seats for {n} on {d}.')),
    _intent(('find_train\ntrain\ntrains', 'rail_search'),
            ('find a train between cities\ntrains from one place to another\ntrain times', 'how to go by rail'),
            {'f': (('from', 'start', 'origin'), 'departure', words.city), 't': (('to', 'goal', 'end'), 'destination', words.city)},
            ('Find a train from {f} to {t}.\nHow do I get from {f} to {t} by train?\nTrain from {f} to {t}?\nI want to go from {f} to {t}.\nWhen does a train go from {f} to {t}?',
             'Which train brings me from {f} to {t}?\nMy trip by rail is {f} to {t}.')),
    _intent(('set_light\nlight\nlights', 'lamp_level'),
            ('set the light of a room\nlight in a room\nsets the lights', 'how bright a room shall be'),
            {'r': (('room', 'where', 'in'), 'area', _one_of(('kitchen', 'hall', 'office', 'bedroom'), ('cellar', 'attic', 'bathroom'))),
             'l': (('level', 'percent', 'value'), 'strength', _number(1, 99))},
            ('Set the light in the {r} to {l}.\nMake the {r} light {l} percent.\nLight in the {r}: {l}.\nPut the {r} lights at {l} percent.',
             'I want {l} percent of light in the {r}.\nTurn the lamp of the {r} to {l}.')),
    _intent(('define\nlook_up\ndictionary', 'explain_word'),
            ('the meaning of a word\nlooks up a word\nmeaning of words', 'says what a word stands for'),
            {'w': (('word', 'term', 'entry'), 'expression', lambda r, s: rng_word(r, s))},
            ('What does the word "{w}" mean?\nLook up "{w}".\nDefine "{w}".\nMeaning of "{w}"?\nFind "{w}" in the dictionary.',
             'I do not know the word "{w}".\nWhat is meant by the word "{w}"?')),
    _intent(('set_alarm\nalarm\nwake_up', 'morning_call'),
            ('set an alarm\nwakes at an hour\nalarm at an hour', 'gets me out of bed'),
            {'h': (('hour', 'at', 'clock'), 'wake_time', _number(1, 24))},
            ('Set an alarm for {h}.\nWake me at {h}.\nAlarm at {h}, please.\nI must get up at {h}.\nSet the alarm clock to {h}.',
             'I would like to be woken at {h}.\nGet me up at {h} o\'clock.')),
    _intent(('convert_money\nmoney\ncurrency', 'exchange'),
            ('convert an amount of money\nchanges euros to other money\nmoney of another land', 'what an amount is worth elsewhere'),
            {'a': (('amount', 'sum', 'value'), 'quantity', _number(1, 9999)),
             'c': (('currency', 'to', 'into'), 'unit', _one_of(('dollars', 'yen', 'crowns'), ('pounds', 'francs')))},
            ('Convert {a} euros to {c}.\nHow many {c} are {a} euros?\n{a} euros in {c}?\nChange {a} euros into {c}.',
             'What do I get in {c} for {a} euros?\nMake {c} out of {a} euros.')),
    _intent(('open_app\nstart_app\nopen', 'run_program'),
            ('open an app\nstarts a program\nopens apps', 'brings up a program'),
            {'n': (('app', 'name', 'program'), 'application', lambda r, s: words.made_up(r, s, True))},
            ('Open {n}.\nStart the app {n}.\nOpen the program {n}.\nRun {n}.\nStart {n} please.',
             'Bring up {n} for me.\nI want to use the app {n}.')),
    _intent(('delete_file\nremove_file\ndelete', 'erase_file'),
            ('delete a file\nremoves files\nremove a file', 'throws a file away'),
            {'f': (('file', 'path', 'name'), 'document', lambda r, s: f'{words.made_up(r, s)}.{r.choice(("txt", "pdf", "png"))}')},
            ('Delete {f}.\nDelete the file {f}.\nRemove {f} please.\nI do not need {f} any more.\nThe file {f} can go.',
             'Please throw {f} away.\nGet rid of {f}.')),
    _intent(('search_recipe\nrecipe\nfind_recipe', 'cooking_ideas'),
            ('find a recipe\nrecipes with some food\nrecipe for food', 'dishes made with something'),
            {'f': (('food', 'with', 'item'), 'ingredient', lambda r, s: words.anything(r, words.FOODS, s))},
            ('Find a recipe with {f}.\nWhat can I cook with {f}?\nA recipe for {f}, please.\nHow do I cook {f}?\nI have {f}, find a recipe.',
             'Give me a dish that uses {f}.\nI would like to make something out of {f}.')),
]


def rng_word(rng, side):
    return words.made_up(rng, side) if rng.random() < 0.5 else words.pick(rng, words.PLAIN, side)


for _number_of, _more in written('tools').items():
    _it = INTENTS[int(_number_of)]
    extend(_it['names'], _more['names'])
    extend(_it['says'], _more['says'])
    extend(_it['asks'], _more['asks'])
    _it['arguments'] = {slot: ((*train, *(n for n in _more['arguments'][slot] if n not in (*train, held))), held, draw)
                        for slot, (train, held, draw) in _it['arguments'].items()}


def _argument(rng, names):
    """A name of an argument in training: sometimes a word that has nothing to do with it, so that it is read."""
    chance = rng.random()
    if chance < 0.1:
        return words.made_up(rng, 'train')
    return rng.choice(words.words_of_any_pool('train')) if chance < 0.25 else rng.choice(names)


def _dress(rng, intent, side):
    """A tool for an intent: its name, line in the list, and what the arguments are called."""
    arguments = {slot: _argument(rng, train) if side == 'train' else held for slot, (train, held, _) in intent['arguments'].items()}
    if len(set(arguments.values())) < len(arguments):
        return _dress(rng, intent, side)
    name = rng.choice(intent['names'][side])
    if side == 'train' and rng.random() < 0.3:
        name = words.made_up(rng, side) + rng.choice(('', '', '_' + words.made_up(rng, side)))
    return name, f'- {rng.choice(intent["says"][side])}: {name}({", ".join(arguments.values())})', arguments


def _draw(rng, size, side):
    count = rng.randint(2, 4 if size == 'cpu' else 7)
    chosen = rng.sample(INTENTS, count)
    while True:
        dressed = [_dress(rng, intent, side) for intent in chosen]
        if len({name for name, _, _ in dressed}) == count:
            break
    wanted = rng.randrange(count)
    intent, (name, _, arguments) = chosen[wanted], dressed[wanted]
    values = {slot: draw(rng, side) for slot, (_, _, draw) in intent['arguments'].items()}
    order = 'Tools:\n' + '\n'.join(line for _, line, _ in dressed) + '\n' + TOOL_ORDER
    call = {'tool': name, 'arguments': {arguments[slot]: value for slot, value in values.items()}}
    return order, choose(rng, intent['asks'], side, **values), call


def example(rng, size):
    order, request, call = _draw(rng, size, 'train')
    return Conversation(NAME, (Message('system', order), Message('user', request), Message('assistant', json.dumps(call))))


def case(rng, size):
    order, request, call = _draw(rng, size, 'held')
    messages = (Message('system', order), Message('user', request))
    return Case(NAME, messages, {'kind': 'json', 'value': call}, json.dumps(call), 96)
