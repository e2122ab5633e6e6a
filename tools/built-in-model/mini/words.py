"""Slot values and how they are divided between training and held-out cases.

A pool is a list of plain words; every fifth is held out. Made-up words are drawn from syllables, and a hash decides on
which side a word stands, so that the two sides never meet however many are drawn. Knows no templates.
"""
import functools
import zlib

TRAIN, HELD = 'train', 'held'


def pool(text):
    words = text.split()
    assert len(set(words)) == len(words), [w for w in words if words.count(w) > 1]
    return {TRAIN: [w for i, w in enumerate(words) if i % 5 != 4], HELD: [w for i, w in enumerate(words) if i % 5 == 4]}


NAMES = pool('''Ada Ben Cora Dan Ella Finn Greta Hugo Ida Jon Kira Leo Mia Nora Omar Pia Ravi Sara Tom Uma Vera Will Yara
Zoe Alma Boris Clara David Emma Felix Gina Henry Iris Jack Karin Lena Max Nina Otto Paula Rosa Sam Tara Urs Viktor Wanda
Anna Bruno Carla Doris Erik Flora Georg Hanna Igor Julia Karl Lisa Mark Nadia Oscar Petra Robin Simon Tina Vincent Walter
Amir Bella Chen Dora Elias Fatma Gustav Helena Ivan Jana Kofi Lucia Mateo Noor Olga Pablo Quinn Rita Selma Theo''')
ANIMALS = pool('''fox owl mouse hare bear cat dog crow frog goat duck wolf deer mole otter swan snail robin badger turtle
hen pony lamb beaver hedgehog squirrel sparrow rabbit donkey heron toad bee pigeon lizard rat magpie seal crab stork calf''')
PEOPLE = pool('''baker sailor farmer painter tailor miller gardener shepherd potter weaver clerk nurse pilot cook fisherman
carpenter teacher smith piper hunter dancer singer postman librarian juggler''')
PLACES = pool('''forest harbour village garden mill castle meadow tower library valley bakery island cave market river
orchard bridge barn school station lighthouse desert mountain cellar hill pond attic swamp square farm workshop temple
beach kitchen palace museum canyon theatre glacier field''')
THINGS = pool('''lantern key map ring bell drum kite boat coin mirror ladder rope candle basket flute book hat clock spoon
stone letter umbrella brush blanket compass bucket shell feather violin button pot chest scarf telescope wheel kettle jar
needle hammer cup''')
COLOURS = pool('red blue green yellow black white grey brown purple orange pink golden silver dark pale')
ADJECTIVES = pool('''small old brave quiet clever tired kind curious lonely happy young shy proud gentle hungry lazy honest
busy careful cheerful''')
FOODS = pool('''bread soup apples cheese rice honey plums carrots beans pears fish noodles cake butter eggs nuts tea milk
onions salad berries lemons jam potatoes olives''')
CITIES = pool('''Rask Tolen Virelle Ombrook Lindau Karvo Westhale Morn Pellin Sorby Darnick Elmsfort Quillo Havre Nantes
Ghent Porto Basel Turku Bergen Leeds Graz Split Malmo Cadiz Lyon Bremen Odense Parma Galway Trier Utrecht Kiel Lucca Derby''')
DAYS = pool('Monday Tuesday Wednesday Thursday Saturday Friday')
MONTHS = pool('January February March April June July August September October November May December')
JOBS = pool('''engineer doctor lawyer driver painter writer chemist plumber waiter tailor dentist farmer judge florist miner
cook guide coach editor vet nurse pilot porter tutor mason''')
TOPICS = pool('''sailing baking gardening chess painting running cycling reading swimming knitting camping cooking singing
juggling hiking pottery photography drawing skiing fishing weaving dancing rowing origami beekeeping astronomy archery
climbing sewing birdwatching''')
GOODS = pool('''lamps chairs tables pens cups plates shirts shoes towels candles boxes bags clocks bricks tiles ropes
brushes pillows bottles screws shelves books gloves hats pans''')
PLAIN = pool('''apple river stone window garden paper winter summer bottle pencil yellow silver table music letter morning
cloud water ocean butter castle dragon engine forest guitar hammer island jacket kitten lemon mirror needle orange
planet quiet rabbit school tiger under violet wagon yoga zebra anchor basket candle desert eagle finger ginger hotel
ink jungle king ladder market north onion pepper queen rocket sugar train uncle valley wheel acorn brick copper diamond
elbow feather glove honey iron jelly kettle lamp magnet nut oven piano rope salt tower umbrella velvet whistle box cup
door egg fan gate hat ice jar key leaf map nest owl pot ring sand tent urn vase wall''')

_ONSETS = 'b d f g h j k l m n p r s t v w z br dr fl gr kr pl sh st tr th'.split()
_NUCLEI = 'a e i o u ai ee ou'.split()
_CODAS = ' n r l s t m k '.split(' ')


def side_of(text):
    """Which side a free value stands on: one in eight is held out."""
    return HELD if zlib.crc32(text.lower().encode()) % 8 == 0 else TRAIN


def made_up(rng, side, capital=False):
    """A word that means nothing, e.g. `drolen`."""
    while True:
        word = ''.join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(rng.choice((1, 2, 2)))) + rng.choice(_CODAS)
        if len(word) > 2 and side_of(word) == side:
            return word.capitalize() if capital else word


def pick(rng, pool, side):
    return rng.choice(pool[side])


def spliced(rng):
    """The beginning of one training word and the end of another, e.g. `lanket`: has the pieces that words are made of."""
    while True:
        first, last = rng.choice(words_of_any_pool(TRAIN)), rng.choice(words_of_any_pool(TRAIN))
        word = first[:rng.randint(2, 4)] + last[-rng.randint(2, 4):]
        if side_of(word) == TRAIN and word not in words_of_any_pool(HELD):
            return word


def anything(rng, pool, side):
    """A word of the pool; in training often another word or none that exists, so that a slot is copied and not guessed."""
    chance = rng.random() if side == TRAIN else 1
    if chance < 0.15:
        return made_up(rng, side)
    if chance < 0.3:
        return spliced(rng)
    if chance < 0.5:
        return rng.choice(words_of_any_pool(side))
    return pick(rng, pool, side)


def name(rng, side):
    return made_up(rng, side, capital=True) if rng.random() < 0.4 else pick(rng, NAMES, side)


def city(rng, side):
    return made_up(rng, side, capital=True) if rng.random() < 0.5 else pick(rng, CITIES, side)


def number(rng, side, low, high):
    """A whole number of the side's own: which numbers are held out is decided by a hash, too."""
    for _ in range(1000):
        value = rng.randint(low, high)
        if side_of(f'number {value}') == side:
            return value
    raise ValueError(f'no {side} number between {low} and {high}')


def some(rng, draw, count):
    """`count` different values of draw(rng)."""
    found = []
    while len(found) < count:
        value = draw()
        if value not in found:
            found.append(value)
    return found


@functools.lru_cache
def words_of_any_pool(side):
    pools = (ANIMALS, PEOPLE, PLACES, THINGS, COLOURS, ADJECTIVES, FOODS, JOBS, TOPICS, GOODS, PLAIN)
    held = {word for pool in pools for word in pool[HELD]}
    found = held if side == HELD else {word for pool in pools for word in pool[TRAIN]} - held
    return sorted(found)
