"""Recall from a given context: statements of one kind about different people or things, and a question about one. The answer
is the sentence that says it, word for word: a model this small copies better than it rephrases, and a quotation can be checked.
It stands behind two words, so that its first word is the same token as in the text, which has a space before it.
"""
from .. import words
from ..conversation import Case, Conversation, exchange
from ..wordings import article, choose, extend, sides, written

NAME = 'recall'
# Longest contexts in words; with so many names a word is about 2.4 tokens, so these are 200 and 800 tokens.
MOST_WORDS = {'cpu': 80, 'gpu': 350}


def _relation(says, asks, draw):
    return {'says': says, 'asks': asks, 'draw': draw}


RELATIONS = [
    _relation(sides('{n} lives in {v}.\nThe home of {n} is in {v}.\n{n} has a flat in {v}.\nYou will find {n} in {v}.\n{v} is the home of {n}.\n{n} moved to {v}.\nIn {v} lives {n}.\nThe house of {n} stands in {v}.',
                    '{n} has settled down in {v}.\n{v} is where {n} lives.'),
              sides('Where does {n} live?\nIn which city does {n} live?\nWhere is the home of {n}?\nWhere can I find {n}?\nThe home of {n} is where?\nWhich city does {n} live in?\nTell me where {n} lives.\n{n} lives in which city?',
                    'What is the city in which {n} lives?\nWhich city is the home of {n}?'),
              words.city),
    _relation(sides('{n} works as {a}.\n{n} is {a}.\nThe job of {n} is {v}.\n{n} became {a} last year.\nAs {a}, {n} earns a living.\nEverybody knows {n} the {v}.\nFor money, {n} works as {a}.\nOur {v} is {n}.',
                    '{n} earns money as {a}.\nFor a living, {n} is {a}.'),
              sides('What is the job of {n}?\nWhat does {n} work as?\nWhich job does {n} have?\nWhat does {n} do?\nAs what does {n} earn money?\nName the job of {n}.\nHow does {n} earn a living?\n{n} works as what?',
                    'As what does {n} work?\nTell me the job of {n}.'),
              lambda r, s: words.anything(r, words.JOBS, s)),
    _relation(sides('{n} has a pet {v}.\n{n} keeps {a}.\nThe pet of {n} is {a}.\nAt home {n} has {a}.\n{A} lives with {n}.\nThe {v} belongs to {n}.\n{n} feeds {a} every day.\nThere is {a} with {n}.',
                    '{n} looks after {a}.\nThere is {a} in the house of {n}.'),
              sides('Which pet does {n} have?\nWhat animal does {n} keep?\nWhat is the pet of {n}?\nWhich animal has {n}?\nWhich animal belongs to {n}?\nWhat kind of pet has {n}?\nName the animal of {n}.\n{n} has which pet?',
                    'What kind of animal belongs to {n}?\nName the pet of {n}.'),
              lambda r, s: words.anything(r, words.ANIMALS, s)),
    _relation(sides('{n} likes {v} best.\nThe favourite food of {n} is {v}.\n{n} loves to eat {v}.\n{n} always orders {v}.\nFor {n} there must be {v}.\nEvery day {n} has {v}.\n{V} is what {n} loves.\nNothing is better than {v} for {n}.',
                    '{n} would eat {v} every day.\nNothing tastes better to {n} than {v}.'),
              sides('What does {n} like to eat?\nWhat is the favourite food of {n}?\nWhich food does {n} like best?\nWhich food is best for {n}?\nWhat does {n} love?\nWhat shall I cook for {n} today?\n{n} likes which food?',
                    'What food does {n} love?\nWhat should I cook for {n}?'),
              lambda r, s: words.anything(r, words.FOODS, s)),
    _relation(sides('The code of {n} is {v}.\n{n} has the number {v}.\n{n} uses the code {v}.\nThe number {v} belongs to {n}.\n{v} is the code of {n}.\nWe gave {n} the number {v}.\nCode {v} was given to {n}.\nFor {n} the code is {v}.',
                    'To {n} we gave the code {v}.\n{v} is the number of {n}.'),
              sides('What is the code of {n}?\nWhich number does {n} have?\nTell me the number of {n}.\nWhat is the number of {n}?\nWhich code has {n}?\nThe number of {n}, please?\nGive me the number of {n}.\nTo {n} belongs which number?',
                    'Which code belongs to {n}?\nGive me the code that {n} has.'),
              lambda r, s: str(words.number(r, s, 100, 9999))),
    _relation(sides('{n} comes on {v}.\n{n} has time on {v}.\nThe visit of {n} is on {v}.\nOn {v} we meet {n}.\n{v} is the day of {n}.\nExpect {n} on {v}.\n{n} visits us on {v}.\nOn {v}, {n} will come.',
                    '{n} will be here on {v}.\nWe expect {n} on {v}.'),
              sides('When does {n} come?\nOn which day do we meet {n}?\nWhich day is the visit of {n}?\nWhen has {n} time?\nOn what day comes {n}?\nWhat is the day of {n}?\nWhen is {n} here?\n{n} comes on which day?',
                    'What is the day on which {n} comes?\nOn what day is {n} here?'),
              lambda r, s: r.choice(words.DAYS['train'] + words.DAYS['held'])),
    _relation(sides('The {v} belongs to {n}.\n{n} owns the {v}.\n{n} brought a {v}.\n{n} carries a {v}.\nThe owner of the {v} is {n}.\nThe {v} is with {n}.\nThis {v} was brought by {n}.\n{n} came along with a {v}.',
                    '{n} is the owner of the {v}.\nThe {v} was brought along by {n}.'),
              sides('What does {n} own?\nWhat belongs to {n}?\nWhich thing did {n} bring?\nWhat does {n} carry?\nWhich thing has {n}?\nWhat is with {n}?\nWhat did {n} bring along?\n{n} is the owner of what?',
                    'Which thing is in the hands of {n}?\nWhat is it that {n} owns?'),
              lambda r, s: words.anything(r, words.THINGS, s)),
    _relation(sides('The door of {n} is {v}.\n{n} has a {v} door.\n{n} painted the door {v}.\n{n} chose {v} for the door.\nA {v} door has {n}.\nThe {v} door is that of {n}.\nThe house of {n} has a {v} door.\n{V} is the door of {n}.',
                    '{n} made the door {v}.\nThe {v} door leads to the house of {n}.'),
              sides('What colour is the door of {n}?\nWhich colour has the door of {n}?\nHow did {n} paint the door?\nThe door of {n}: which colour?\nIn which colour is the door that {n} has?\nName the colour of the door of {n}.\n{n} has a door of which colour?',
                    'In what colour is the door of {n}?\nThe door of {n} has which colour?'),
              lambda r, s: words.anything(r, words.COLOURS, s)),
]
FILLERS = sides('The day was long and calm.\nIt rained a little in the evening.\nNobody was in a hurry.\nThe tea was still warm.\n'
                'A clock ticked on the wall.\nThe street was quiet.\nEverybody had slept well.\nThe window stood open.\n'
                'There was a letter on the table.\nSomebody played the piano.\nThe list was made in a hurry.',
                'The wind had gone down by noon.\nA bus stopped at the corner.\nThe neighbours were away.')
FRAMES = sides('''{c}\\n\\n{q}
{c} {q}
Read this: {c}\\n\\n{q}
Here are some notes. {c}\\n\\n{q}
Text: {c}\\nQuestion: {q}
{q}\\n\\n{c}
Use this text to answer. {c}\\n\\n{q}
I will tell you something. {c} Now tell me: {q}
Context: {c}\\n\\nQuestion: {q}
Passage: {c}\\n\\nWhat I want to know: {q}
Notes: {c} Question: {q}
I know this: {c}\\n\\n{q}
My notes:\\n{c}\\n\\nMy question is this: {q}
Look at this: {c}\\n{q}
From this passage, tell me something. {c}\\n\\n{q}
{c}\\n\\nThat was the text. {q}
''', '''Here is what I know. {c}\\n\\nMy question: {q}
Look at this passage: {c}\\n\\nFrom the passage: {q}
Notes:\\n{c}\\n\\n{q}
''')


_MORE = written('recall')
for _number, _more in _MORE['relations'].items():
    extend(RELATIONS[int(_number)]['says'], _more['says'])
    extend(RELATIONS[int(_number)]['asks'], _more['asks'])
extend(FRAMES, _MORE['frames'])
extend(FILLERS, _MORE['fillers'])


def _draw(rng, size, side):
    """(a text, [(question, answer, value, other values of that kind)]): the first question is of the kind most of the text is of."""
    relation = rng.choice(RELATIONS)
    most = MOST_WORDS[size]
    target = rng.choice((10, 20, 40, most // 2, most)) if side == 'train' else rng.choice((most // 4, most // 2, 3 * most // 4, most))
    people, values, kinds, sentences, text, length = [], {}, {}, {}, [], 0
    while length < target:
        person = words.name(rng, side)
        if person in kinds:
            continue
        kind = relation if not people or rng.random() < 0.7 else rng.choice(RELATIONS)
        value = kind['draw'](rng, side)
        if kind is relation:
            if value in (values[p] for p in people) and len(values) < 3:
                continue
            people.append(person)
        kinds[person], values[person] = kind, value
        sentence = choose(rng, kind['says'], side, n=person, v=value, a=article(value), V=value[0].upper() + value[1:],
                          A=article(value).capitalize())
        sentences[person] = sentence
        text.append(sentence)
        length += len(sentence.split())
        if rng.random() < 0.15:
            text.append(rng.choice(FILLERS[side]))
            length += 6
        if len(values) > 90:
            break
    asked = rng.choice(people)
    others = sorted({v for p, v in values.items() if kinds[p] is relation and v.lower() != values[asked].lower()
                     and v.lower() not in values[asked].lower() and values[asked].lower() not in v.lower()})
    if rng.random() < 0.5:
        rng.shuffle(text)

    def question(person):
        return choose(rng, kinds[person]['asks'], side, n=person)

    def answer(person):
        return f'It says: {sentences[person]}'

    rest = [person for person in kinds if person != asked]
    prompt = choose(rng, FRAMES, side, c=' '.join(text), q=question(asked))
    return (prompt, answer(asked), values[asked], others,
            lambda count: [(question(person), answer(person)) for person in rng.sample(rest, min(count, len(rest)))])


def example(rng, size):
    """In training a text is often asked about several people, so that every text teaches more than one place to look at."""
    prompt, answer, _, _, more = _draw(rng, size, 'train')
    messages = exchange(prompt, answer)
    for ask, answer in more(rng.choice((0, 2, 4, 6, 8))):
        messages += exchange(ask, answer)
    return Conversation(NAME, messages)


def case(rng, size):
    prompt, answer, value, others, _ = _draw(rng, size, 'held')
    rule = {'kind': 'all', 'rules': [{'kind': 'words', 'values': [value]},
                                     {'kind': 'not', 'rule': {'kind': 'anyWord', 'values': others}}]}
    return Case(NAME, exchange(prompt, '')[:1], rule if others else rule['rules'][0], answer, 32)
