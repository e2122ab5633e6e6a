"""Copy, reverse, change case and sort short lists. What the items are is of no matter: pool words and made-up ones."""
from .. import words
from ..conversation import Case, Conversation, exchange
from ..wordings import choose, extend, sides, written

NAME = 'lists'

COPY = sides('''Repeat after me: {x}
Repeat: {x}
Copy this: {x}
Copy the following words: {x}
Say exactly this: {x}
Write this again: {x}
Echo: {x}
Please repeat this text: {x}
Give this back unchanged: {x}
Say it again: {x}
Say the same words again: {x}
Type these words: {x}
The same once more, please: {x}
Return the same text: {x}
Give me exactly these words: {x}
Copy exactly: {x}
I say this, and you say the same: {x}
These words as they are, please: {x}
What I write, you write: {x}
''', '''Say the same as I do: {x}
Type this once more, exactly: {x}
Return these words as they are: {x}
''')
REVERSE = sides('''Reverse this list: {x}
Reverse the order: {x}
Write this list backwards: {x}
Put these words in reverse order: {x}
Turn the list around: {x}
List these from last to first: {x}
Reverse: {x}
Please reverse the order of these words: {x}
Backwards: {x}
This list from back to front: {x}
Opposite order: {x}
Start at the end of this list: {x}
The last first, the first last: {x}
Begin with the last one: {x}
End with the first of these words: {x}
In the other direction, please: {x}
Give me the list the other way round: {x}
List from the back: {x}
''', '''Give me this list in the opposite order: {x}
Start with the last and end with the first: {x}
Back to front, please: {x}
''')
UPPER = sides('''Write this in capital letters: {x}
Make this upper case: {x}
Upper case: {x}
Change to upper case: {x}
Put this in capitals: {x}
Convert to upper case: {x}
Write in big letters: {x}
Capitals only: {x}
All letters big: {x}
In capitals: {x}
Every letter a capital: {x}
I need all of this in capitals: {x}
Only capital letters, please: {x}
Turn this into capitals: {x}
Make all letters capital: {x}
''', '''All capitals, please: {x}
Turn every letter into a capital: {x}
''')
LOWER = sides('''Write this in small letters: {x}
Make this lower case: {x}
Lower case: {x}
Change to lower case: {x}
Convert to lower case: {x}
Write without capitals: {x}
Small letters only: {x}
In small letters: {x}
Every letter small: {x}
No big letters: {x}
I want no capitals in this: {x}
Turn this into small letters: {x}
All small, please: {x}
Make all letters small: {x}
Take the capitals away: {x}
''', '''No capitals, please: {x}
Turn every letter into a small one: {x}
''')
CAPITALISE = sides('''Capitalise each word: {x}
Start each word with a capital letter: {x}
Write each word with a capital: {x}
Title case: {x}
Capitalise these words: {x}
Make the first letter of each word big: {x}
A capital for each word: {x}
First letters big: {x}
Each word with a big first letter: {x}
Every word starts with a capital: {x}
Let each word begin with a big letter: {x}
Give these words capitals at the start: {x}
Begin every word with a capital letter: {x}
''', '''Give every word a capital at its start: {x}
Each word should begin with a capital: {x}
''')
SORT = sides('''Sort this list: {x}
Sort these words: {x}
Sort alphabetically: {x}
Put these in alphabetical order: {x}
Order these words from a to z: {x}
Sort: {x}
Please sort this list by the alphabet: {x}
Alphabetical order: {x}
A to z: {x}
By the alphabet: {x}
Dictionary order: {x}
Arrange by first letter: {x}
Arrange these words from a to z: {x}
Which order would a dictionary have? {x}
Bring these words into order: {x}
Into alphabetical order, please: {x}
Order by the alphabet: {x}
''', '''Arrange these as in a dictionary: {x}
Bring this list into the order of the alphabet: {x}
''')
SORT_NUMBERS = sides('''Sort these numbers: {x}
Sort: {x}
Put these numbers in order: {x}
Sort from small to large: {x}
Order these numbers from low to high: {x}
Rising order: {x}
Smallest first: {x}
Numbers in order, please: {x}
Arrange from small to large: {x}
Start with the smallest number: {x}
From the smallest to the largest: {x}
Bring these numbers into order: {x}
Let these numbers rise: {x}
''', '''Arrange these numbers, smallest first: {x}
Bring the numbers into rising order: {x}
''')


for _name, _set in (('COPY', COPY), ('REVERSE', REVERSE), ('UPPER', UPPER), ('LOWER', LOWER), ('CAPITALISE', CAPITALISE), ('SORT', SORT),
                    ('SORT_NUMBERS', SORT_NUMBERS)):
    extend(_set, written('lists')[_name])


def _word(rng, side):
    if rng.random() < 0.35:
        return words.spliced(rng) if side == 'train' and rng.random() < 0.5 else words.made_up(rng, side)
    return rng.choice(_WORDS[side])


_WORDS = {side: words.words_of_any_pool(side) for side in ('train', 'held')}


def _items(rng, side, most, distinct_initials=False):
    found = []
    count = rng.randint(2 if side == 'train' else 3, most)
    while len(found) < count:
        word = _word(rng, side)
        if word not in found and not (distinct_initials and word[0] in {w[0] for w in found}):
            found.append(word)
    return found


def _case_words(rng, side):
    return rng.choice((' ', ', ')).join(_items(rng, side, 4))


# Changing case takes the spelling of every word, so training has more of it.
KINDS = {'held': ('copy', 'reverse', 'upper', 'lower', 'capitalise', 'sort', 'sort', 'numbers'),
         'train': ('copy', 'reverse', 'upper', 'upper', 'lower', 'lower', 'capitalise', 'sort', 'sort', 'numbers')}


def _draw(rng, size, side):
    most = 5 if size == 'cpu' else 7
    kind = rng.choice(KINDS[side])
    if kind == 'copy':
        items = _items(rng, side, most + 1)
        joined = rng.choice((' ', ', ')).join(items)
        if rng.random() < 0.3:
            joined = joined[0].upper() + joined[1:] + '.'
        return kind, choose(rng, COPY, side, x=joined), joined
    if kind == 'reverse':
        items = _items(rng, side, most)
        return kind, choose(rng, REVERSE, side, x=', '.join(items)), ', '.join(reversed(items))
    if kind == 'sort':
        items = _items(rng, side, most, distinct_initials=True)
        return kind, choose(rng, SORT, side, x=', '.join(items)), ', '.join(sorted(items))
    if kind == 'numbers':
        items = words.some(rng, lambda: words.number(rng, side, 1, 99), rng.randint(3, most))
        return kind, choose(rng, SORT_NUMBERS, side, x=', '.join(map(str, items))), ', '.join(map(str, sorted(items)))
    text = _case_words(rng, side)
    if kind == 'upper':
        return kind, choose(rng, UPPER, side, x=text), text.upper()
    if kind == 'lower':
        return kind, choose(rng, LOWER, side, x=text.upper() if rng.random() < 0.5 else text.title()), text
    return kind, choose(rng, CAPITALISE, side, x=text), text.title()


def example(rng, size):
    _, prompt, answer = _draw(rng, size, 'train')
    return Conversation(NAME, exchange(prompt, answer))


def case(rng, size):
    kind, prompt, answer = _draw(rng, size, 'held')
    return Case(NAME, exchange(prompt, '')[:1], {'kind': 'exact', 'value': answer}, answer, 64, (kind,))
