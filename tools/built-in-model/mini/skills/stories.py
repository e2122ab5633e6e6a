"""A short story with a given hero, place and thing. The plots are a dozen sentences with alternatives each."""
from .. import words
from ..conversation import Case, Conversation, exchange
from ..wordings import article, choose, extend, fill, sides, written

NAME = 'story'

REQUESTS = sides('''Write a short story about {h} in {p} with {t}.
Tell me a story about {h}, {p} and {t}.
A short story, please: {h}, {p}, {t}.
Write a story. Hero: {H}. Place: {P}. Thing: {T}.
Tell a story of {h} who finds {t} in {p}.
Write a little story with {h}, {p} and {t}.
Can you tell me a story with {h} and {t} in {p}?
Story about {h} in {p}; there should be {t} in it.
Please write a story in which {h} has {t}. It happens in {p}.
Make up a story: {h}, {t}, {p}.
A tale of {h} with {t}, please. It is set in {p}.
I would like a small tale with {h}, {p} and {t} in it.
Could you write of {h} who comes to {p} and meets with luck, and of {t}?
Set a story in {p}. In it are {h} and {t}.
Tell a small tale: {h} in {p} with {t}.
''', '''I would like to read a tale: {h}, {t} and {p} should be in it.
Make up a small tale of {h} with {t}, set in {p}.
Could there be a story where {h} comes to {p} and meets with {t}?
''')
extend(REQUESTS, written('lists')['STORY'])
OPENINGS = ['Once there was {ah} who lived near the {p}.', 'In the {p} there lived {ah}.', 'One day {ah} came to the {p}.',
            'Long ago {ah} walked through the {p}.', 'Every morning {ah} went to the {p}.', 'There was once {ah} in the {p}.']
MIDDLES = [
    # lost and found
    (['One morning the {h} found {at} there.', 'Under a heap of leaves lay {at}.', 'On the way something shone: it was {at}.'],
     ['It did not belong to the {h}, so a long search began.', 'The {h} wanted to know whose it was.', '"Somebody will miss it," said the {h}.'],
     ['The {h} asked everybody, but nobody knew the {t}.', 'At every door the {h} asked about the {t}.', 'All day the {h} carried the {t} around.'],
     ['In the evening an old {o} cried with joy and said, "That is mine!"', 'At last a little {o} came and thanked the {h}.', 'Then {ao} came running: it was the owner.']),
    # a wish
    (['The {h} had always wished for {at}.', 'More than anything the {h} wanted {at}.', 'In all the world the {h} wanted only {at}.'],
     ['But {at} cost more than the {h} had.', 'But nobody there could make one.', 'But it was far too dear.'],
     ['So the {h} worked for {ao} the whole winter.', 'So the {h} helped {ao} day after day.', 'So the {h} learned from {ao} how to build one.'],
     ['When spring came, the {t} was there at last.', 'In the end the {o} gave the {h} the finest {t} of all.', 'One evening the {t} stood before the door.']),
    # a storm
    (['One night a storm came up.', 'Then a great storm broke loose.', 'Suddenly the light went out.'],
     ['The {h} was afraid and had only {at}.', 'All that the {h} had was {at}.', 'In one corner the {h} found {at}.'],
     ['With the {t} the {h} led {ao} to safety.', 'The {h} used the {t} to call for help, and {ao} heard it.', 'Thanks to the {t}, the {h} found the way, and {ao} followed.'],
     ['By morning the sky was clear again.', 'At dawn the storm was over.', 'When the sun rose, all was still.']),
    # a quarrel
    (['There the {h} met {ao}, and both saw {at}.', 'There lay {at}, and {ao} wanted it, too.', 'The {h} and {ao} both wanted the same thing: {at}.'],
     ['"I saw the {t} first!" said the one.', '"The {t} is mine!" they both cried.', 'They pulled at the {t} from both sides.'],
     ['Then the {t} fell down, and they had to laugh.', 'After a while they were tired and sat down.', 'Then it began to rain, and both ran for shelter.'],
     ['From then on they shared the {t}.', 'They agreed to use the {t} in turns.', 'The {h} had the {t} by day and the {o} by night.']),
    # a gift
    (['A friend of the {h}, {ao}, was ill.', 'The birthday of {ao} was near.', 'A neighbour, {ao}, felt lonely.'],
     ['The {h} thought of a gift and chose {at}.', '"I will bring {at}," said the {h}.', 'So the {h} made {at} as a gift.'],
     ['The way was long, but the {h} held the {t} tight.', 'On the way the {t} got wet, but it was not harmed.', 'With the {t} in a bag the {h} set out.'],
     ['The {o} was so glad that they sang all evening.', 'The {o} smiled for the first time in weeks.', 'The {o} put the {t} in the best place of the house.']),
    # a secret
    (['Hidden there was {at} that nobody had seen for years.', 'Behind a stone the {h} saw {at}.', 'Deep inside stood {at}, all covered with dust.'],
     ['When the {h} touched the {t}, it began to glow.', 'The {t} was warm and hummed a tune.', 'As soon as the {h} cleaned the {t}, a voice spoke.'],
     ['"Take me to the {o}," it said.', 'It told of {ao} who had lost it long ago.', 'It asked to be brought to {ao}.'],
     ['The {h} did so, and the {o} told a wonderful tale.', 'So the {h} made a friend that day.', 'And so the secret came to a good end.']),
]
ENDINGS = ['From that day on they were friends.', 'And the {h} slept well that night.', 'The {h} never forgot that day in the {p}.',
           'And they still talk about it in the {p}.', 'The {h} went home with a light heart.', 'That is how the {h} learned to share.']


def _draw(rng, side):
    creatures = words.ANIMALS if rng.random() < 0.6 else words.PEOPLE
    hero = words.anything(rng, creatures, side)
    adjective = words.anything(rng, words.ADJECTIVES, side) if rng.random() < 0.4 else None
    with_adjective = f'{adjective} {hero}' if adjective else hero
    place, thing = words.anything(rng, words.PLACES, side), words.anything(rng, words.THINGS, side)
    thing_asked = f'{words.anything(rng, words.COLOURS, side)} {thing}' if rng.random() < 0.3 else thing
    other = words.pick(rng, words.ANIMALS if rng.random() < 0.6 else words.PEOPLE, 'train')
    if other == hero:
        return _draw(rng, side)
    request = choose(rng, REQUESTS, side, h=article(with_adjective), p=article(place), t=article(thing_asked),
                     H=with_adjective, P=place, T=thing_asked)
    values = dict(h=hero, ah=article(with_adjective), p=place, t=thing, at=article(thing_asked), o=other, ao=article(other))
    middle = rng.choice(MIDDLES)
    story = [rng.choice(OPENINGS), *(rng.choice(step) for step in middle), rng.choice(ENDINGS)]
    return request, ' '.join(fill(s, **values) for s in story), (hero, place, thing)


def example(rng, size):
    request, story, _ = _draw(rng, 'train')
    return Conversation(NAME, exchange(request, story))


def case(rng, size):
    request, story, wanted = _draw(rng, 'held')
    rule = {'kind': 'all', 'rules': [{'kind': 'words', 'values': list(wanted)}, {'kind': 'sentences', 'least': 3}]}
    return Case(NAME, exchange(request, '')[:1], rule, story, 180)
