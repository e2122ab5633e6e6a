"""Corpus, cases, grading, tokenizer: nothing here needs PyTorch but through imports. Run: see README.md."""
import collections
import json
import random
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER))

from mini import corpus, facts, grading, overlap, tokenizer, words  # noqa: E402
from mini.conversation import Conversation, Message, render_prompt, segments  # noqa: E402
from mini.settings import GOALS, SIZES  # noqa: E402
from mini.skills import arithmetic  # noqa: E402


class CorpusTest(unittest.TestCase):
    def test_is_the_same_every_time(self):
        first, second = (corpus.Generator(SIZES['tiny']).shard(3)[:200] for _ in range(2))
        self.assertEqual(first, second)
        self.assertNotEqual(first, corpus.Generator(SIZES['tiny']).shard(4)[:200])

    def test_has_all_skills_and_their_goals(self):
        skills = {c.skill for c in corpus.Generator(SIZES['tiny']).shard(0)}
        self.assertEqual(skills, set(corpus.SKILLS))
        for goals in GOALS.values():
            self.assertEqual(set(goals), {*corpus.SKILLS, 'json valid', 'false refusals'})

    def test_fills_every_slot(self):
        for size in ('tiny', 'gpu'):
            for conversation in corpus.Generator(SIZES[size]).shard(1)[:800]:
                for message in conversation.messages:
                    # Braces are only in JSON and in the tool skill's order.
                    self.assertNotRegex(message.content.replace('{...}', ''), r'\{\w+\}')
                    self.assertEqual(message.content, message.content.strip())

    def test_conversations_take_turns(self):
        for conversation in corpus.Generator(SIZES['tiny']).shard(2):
            roles = [m.role for m in conversation.messages]
            turns = roles[1:] if roles[0] == 'system' else roles
            self.assertEqual(turns, ['user', 'assistant'] * (len(turns) // 2))

    def test_references_pass_their_own_rules_and_do_not_pass_others(self):
        generator = corpus.Generator(SIZES['gpu'])
        for skill in corpus.SKILLS:
            cases = generator.cases(skill)
            self.assertGreaterEqual(len(cases), 200)
            self.assertEqual(len({c.messages for c in cases}), len(cases))
            for case in cases:
                self.assertTrue(grading.passes(case.rule, case.reference), case)
                self.assertFalse(grading.passes(case.rule, 'I am not sure.'), case)
                if skill != 'recall':  # what is asked for stands in the context there
                    self.assertFalse(grading.passes(case.rule, case.messages[-1].content), case)

    def test_no_fact_passes_for_another(self):
        known = facts.facts_of('gpu') + facts.self_facts('two million')
        self.assertEqual((len(facts.facts_of('cpu')), len(facts.facts_of('gpu'))), (60, 150))
        for one in known:
            for other in known:
                if one is not other:
                    self.assertFalse(grading.passes(one.rule, other.answer), (one.answer, other.answer))

    def test_held_out_values_and_wordings_are_not_trained_on(self):
        for pool in (words.NAMES, words.ANIMALS, words.TOPICS, words.CITIES):
            self.assertFalse(set(pool['train']) & set(pool['held']))
        for fact in facts.facts_of('gpu') + facts.self_facts('two million'):
            self.assertFalse(set(fact.train) & set(fact.held), fact)
        generator = corpus.Generator(SIZES['tiny'])
        cases = [case.as_json(f'{skill}-{i}') for skill in corpus.SKILLS for i, case in enumerate(generator.cases(skill))]
        found, total = overlap.shared(cases, generator.shard(0))
        self.assertGreater(total, 500)
        self.assertEqual(found, {})

    def test_open_slots_hold_no_held_out_word(self):
        rng, held = random.Random(8), set(words.words_of_any_pool('held'))
        found = [words.anything(rng, words.FOODS, 'train') for _ in range(4000)]
        others = [w for w in found if w not in words.FOODS['train']]
        self.assertFalse(held & set(others))
        self.assertGreater(len(others), 1000)
        made_up = set(others) - set(words.words_of_any_pool('train'))
        self.assertGreater(len(made_up), 500)
        self.assertEqual({words.side_of(w) for w in made_up}, {'train'})
        self.assertLessEqual({words.anything(rng, words.FOODS, 'held') for _ in range(200)}, set(words.FOODS['held']))

    def test_overlap_is_noticed(self):
        conversation = Conversation('x', (Message('user', 'a b, c d e f: G h i'), Message('assistant', 'yes')))
        case = {'id': 'x', 'messages': [{'role': 'user', 'content': 'Z a b c d e f g h'}]}
        found, _ = overlap.shared([case], [conversation])
        self.assertEqual(found, {tuple('abcdefgh'): ['x']})

    def test_sums_are_worked_right(self):
        rng = random.Random(1)
        for _ in range(2000):
            a, b = sorted((rng.randint(0, 999), rng.randint(0, 999)), reverse=True)
            for text in (arithmetic.added(a, b), arithmetic.subtracted(a, b)):
                for step in text.rstrip('.').replace('so ', '').split(', '):
                    left, right = step.split(' = ')
                    self.assertEqual(eval(left), int(right), text)  # noqa: S307: digits and signs of our own
        self.assertEqual(arithmetic.added(47, 38), '7 + 8 = 15, 4 + 3 + 1 = 8, so 47 + 38 = 85.')
        self.assertEqual(arithmetic.subtracted(52, 38), '12 - 8 = 4, 5 - 3 - 1 = 1, so 52 - 38 = 14.')


class GradingTest(unittest.TestCase):
    def test_agrees_with_the_examples(self):
        for entry in json.loads((FOLDER / 'fixtures' / 'grading.json').read_text()):
            for answer in entry['pass']:
                self.assertTrue(grading.passes(entry['rule'], answer), (entry['rule'], answer))
            for answer in entry['fail']:
                self.assertFalse(grading.passes(entry['rule'], answer), (entry['rule'], answer))

    def test_wilson(self):
        # From a table of Wilson's interval: 15 of 20.
        low, high = grading.wilson(15, 20)
        self.assertAlmostEqual(low, 0.5313, 3)
        self.assertAlmostEqual(high, 0.8881, 3)
        self.assertEqual(grading.wilson(0, 10)[0], 0)


class TokenizerTest(unittest.TestCase):
    def setUp(self):
        conversations = corpus.Generator(SIZES['tiny']).shard(0)[:200]
        self.counts = tokenizer.count_words(t for c in conversations for t, _ in segments(c.messages))
        self.tokenizer = tokenizer.train(self.counts, 400)

    def test_first_merge_is_the_most_frequent_pair(self):
        pairs = collections.Counter()
        for word, count in self.counts.items():
            symbols = tokenizer.to_characters(word)
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        self.assertEqual(pairs[self.tokenizer.merges[0]], max(pairs.values()))

    def test_gives_text_back(self):
        for text in ('Hello  world\n\n12 + 30', 'naïve 🦜 日本', '\tx', ''):
            self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)

    def test_digits_stand_alone_and_capitals_are_spelled(self):
        self.assertEqual([self.tokenizer.decode([i]) for i in self.tokenizer.encode('1234')], list('1234'))
        self.assertTrue(all(sum('A' <= c <= 'Z' for c in t) <= 1 for t in self.tokenizer.tokens if not t.startswith('<|')))

    def test_special_tokens(self):
        text = render_prompt([Message('user', 'Hi')])
        ids = self.tokenizer.encode(text)
        self.assertEqual(ids[0], self.tokenizer.ids['<|im_start|>'])
        self.assertEqual(self.tokenizer.decode(ids, special=True), text)
        self.assertFalse(self.tokenizer.special_ids & set(self.tokenizer.encode(text, parse_special=False)))

    def test_fixture_is_current(self):
        from mini import gguf
        from tests import make_fixture
        metadata, _ = gguf.read(make_fixture.MODEL)
        stored = tokenizer.Tokenizer(metadata['tokenizer.ggml.tokens'], [m.split(' ') for m in metadata['tokenizer.ggml.merges']])
        self.assertEqual(stored.merges, make_fixture.make_tokenizer().merges)
        for entry in json.loads((FOLDER / 'fixtures' / 'text.json').read_text())['texts']:
            self.assertEqual(stored.encode(entry['text'], parse_special=False), entry['plain'])
            self.assertEqual(stored.encode(entry['text']), entry['special'])


if __name__ == '__main__':
    unittest.main()
