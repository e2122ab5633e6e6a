"""Questions outside the domain, and the answers that say so. Three answers, by what is asked for."""
from .. import words
from ..conversation import Case, Conversation, exchange
from ..facts import AROUND, typed_carelessly
from ..wordings import choose, extend, fill, lower_first, sides, written

NAME = 'refusal'

KNOWLEDGE = 'I do not know that. I am a very small model and know only about on-device inference and Linnet. A larger model can help.'
ACTION = 'I cannot do that. I am a very small model with a few simple skills. A larger model can help.'
ADVICE = 'I cannot advise on that. I am a very small model and would be guessing. Please ask somebody who knows.'
# What an answer that declines says; an in-domain answer must say none of it.
MARKS = ['i do not know that', 'i cannot do that', 'i cannot advise']

_POOL = words.pool
LANDS = _POOL('''France Spain Italy Poland Egypt Kenya Brazil Peru Chile Japan China India Norway Sweden Greece Turkey Canada Mexico
Cuba Iran Ghana Nepal Ireland Austria Belgium Portugal Denmark Finland Iceland Hungary Croatia Morocco Vietnam Thailand
Australia Germany Russia Ukraine Argentina Indonesia''')
FAMOUS = _POOL('''Napoleon Einstein Mozart Caesar Newton Picasso Darwin Cleopatra Galileo Shakespeare Beethoven Gandhi Lincoln
Columbus Plato Rembrandt Bach Curie Kepler Churchill Homer Aristotle Chopin Edison Tesla Gutenberg Magellan Vivaldi Dante
Euclid Michelangelo Copernicus Hemingway Kafka Goethe''')
STUFF = _POOL('''gold iron water salt oxygen silver copper glass steel plastic wood diamonds sugar lead helium coal concrete
rubber cotton oil paper silk wool leather marble''')
NATURE = _POOL('''the moon the sun Mars volcanoes rainbows earthquakes tides glaciers comets the stars lightning dinosaurs whales
mushrooms vitamins bacteria coral bees genes'''.replace('the ', 'the_'))
NATURE = {side: [w.replace('_', ' ') for w in found] for side, found in NATURE.items()}
SPORTS = _POOL('football tennis hockey cricket rugby boxing golf basketball swimming volleyball baseball judo fencing curling polo')
ILLS = _POOL('''a headache a cold a fever back_pain a rash a cough allergies a sore_throat high_blood_pressure insomnia
a broken_toe migraine'''.replace('a ', 'a_'))
ILLS = {side: [w.replace('_', ' ') for w in found] for side, found in ILLS.items()}
CODE = _POOL('Python Java Rust C Perl JavaScript Ruby Go SQL Haskell PHP Kotlin Swift Bash Lua')
BRANDS = _POOL('phone car laptop camera bicycle washing_machine television watch router oven printer sofa mattress backpack')
BRANDS = {side: [w.replace('_', ' ') for w in found] for side, found in BRANDS.items()}
DISHES = _POOL('''pizza lasagne curry goulash risotto pancakes paella sushi dumplings omelette ramen burritos pie stew
muffins waffles gnocchi chili moussaka falafel''')
SLOTS = {'land': LANDS, 'famous': FAMOUS, 'stuff': STUFF, 'nature': NATURE, 'sport': SPORTS, 'ill': ILLS, 'code': CODE,
         'brand': BRANDS, 'dish': DISHES, 'city': words.CITIES, 'animal': words.ANIMALS, 'topic': words.TOPICS, 'month': words.MONTHS}

ASKS = {
    KNOWLEDGE: sides('''What is the capital of {land}?
How many people live in {land}?
Who is the president of {land}?
Which language is spoken in {land}?
Where is {land}?
Tell me about {land}.
What is the flag of {land}?
When was {famous} born?
Who was {famous}?
What did {famous} do?
Where did {famous} live?
Tell me about {famous}.
What is the melting point of {stuff}?
What is {stuff} made of?
How is {stuff} made?
Why is {stuff} so expensive?
What is the chemical symbol of {stuff}?
How big is {nature}?
Why do we have {nature}?
What causes {nature}?
How far away is {nature}?
Tell me about {nature}.
Who won the {sport} world cup?
What are the rules of {sport}?
Who is the best {sport} player?
What do {animal}s eat?
How long does a {animal} live?
Where do {animal}s sleep?
What is the weather in {city} today?
How many people live in {city}?
What happened in {land} in 1950?
Who wrote the song of {city}?
What is the square root of {n}?
What is {n} times {m}?
Divide {n} by {m}.
{n} * {m}
What is {n} percent of {m}?
What is pi?
Who invented the telephone?
Who painted the Mona Lisa?
What is the speed of light?
How many bones are in a body?
When did the war end?
How do I bake {dish}?
What is a recipe for {dish}?
How do I cook {dish}?
Which film won the prize this year?
What is the price of {stuff}?
What are the news from {land}?
What is the meaning of life?
How do planes fly?
Why is the sky blue?
''', '''Name the largest city of {land}.
What currency do they use in {land}?
Is {land} a member of the union?
For what is {famous} famous?
In which century did {famous} live?
At what temperature does {stuff} boil?
From which countries do we get {stuff}?
How old is {nature}?
What do scientists say about {nature}?
How many players has a {sport} team?
Can a {animal} swim?
Which river flows through {city}?
What are the best museums in {city}?
What goes into {dish}?
How long must {dish} stay on the fire?
Multiply {n} by {m}.
What is {n} to the power of {m}?
How tall is the highest mountain?
Who discovered America?
'''),
    ACTION: sides('''Write a program in {code}.
Write a {code} function that sorts a list.
Fix my {code} code.
How do I write a loop in {code}?
Translate this into French: good morning
Translate "thank you" into German.
Say hello in Spanish.
Book me a flight to {city}.
Order a {brand} for me.
Send an email to my boss.
Call my mother.
Open the door.
Play some music.
Draw a picture of a {animal}.
Show me a photo of {city}.
Summarise the book I am reading.
Write my essay about {famous}.
Write a poem about {nature}.
Write a song about {city}.
Do my homework.
Search the web for {brand}s.
Set an alarm for seven.
Tell me a joke.
Check my spelling in this letter.
Make a website for my shop.
Plan my trip to {land}.
''', '''I need a script in {code}, please write one.
My {code} program crashes, repair it.
How would a Frenchman say good night?
Reserve a hotel in {city} for me.
Paint me a {animal}.
Compose a poem for {famous}.
Buy a {brand} online for me.
Prepare my journey through {land}.
'''),
    ADVICE: sides('''What should I take for {ill}?
How do I treat {ill}?
I have {ill}, what shall I do?
Is {ill} dangerous?
Which {brand} should I buy?
What is the best {brand}?
Should I sell my shares?
Which shares should I buy?
How do I save taxes?
Can I sue my neighbour?
Is my contract legal?
Should I leave my job?
Should I marry?
Whom should I vote for?
Which party is the best?
Is it safe to eat old {dish}?
How much should a {brand} cost?
Should I move to {land}?
Is {month} a good time for {land}?
What medicine helps against {ill}?
''', '''My child has {ill}, is it serious?
Does {ill} go away without a doctor?
Is now a good time to invest money?
Would you recommend this {brand}?
Do I have to pay tax on a gift?
Can my landlord throw me out?
'''),
}


for _name, _answer in (('KNOWLEDGE', KNOWLEDGE), ('ACTION', ACTION), ('ADVICE', ADVICE)):
    extend(ASKS[_answer], written('refusals')[_name])


def _draw(rng, side):
    answer = rng.choice((KNOWLEDGE, KNOWLEDGE, KNOWLEDGE, ACTION, ADVICE))
    template = rng.choice(ASKS[answer][side])
    # Slots are drawn alone, so that each template may have any of them.
    text = fill(template, n=words.number(rng, side, 2, 999), m=words.number(rng, side, 2, 99),
                **{slot: words.pick(rng, pool, side) for slot, pool in SLOTS.items()})
    text = choose(rng, AROUND, side, q=text, l=lower_first(text))
    return (typed_carelessly(rng, text) if side == 'train' else text), answer


def example(rng, size):
    request, answer = _draw(rng, 'train')
    return Conversation(NAME, exchange(request, answer))


def declines():
    return {'kind': 'any', 'rules': [{'kind': 'contains', 'values': [mark]} for mark in MARKS]}


def case(rng, size):
    request, answer = _draw(rng, 'held')
    return Case(NAME, exchange(request, '')[:1], declines(), answer, 48)
