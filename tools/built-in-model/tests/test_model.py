"""Model, rounding, packing, training, export: on models that are tiny. Run: see README.md."""
import contextlib
import io
import json
import math
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from mini import corpus, export, generate, gguf, half, packing, quantise, together, training  # noqa: E402
from mini.conversation import SPECIAL_TOKENS  # noqa: E402
from mini.model import Model, _rotate  # noqa: E402
from mini.muon import Muon, orthogonal  # noqa: E402
from mini.settings import SIZES, Phase, Shape, Training  # noqa: E402
from tests import make_fixture  # noqa: E402

torch.set_num_threads(1)
SPECIAL = len(SPECIAL_TOKENS)
SHAPE = Shape(dim=64, layers=2, heads=4, kv_heads=2, ffn=96, vocab=480, context=256)


def model(seed=5):
    return Model(SHAPE).initialise(seed).eval()


def ids(count, seed=1):
    return torch.randint(3, SHAPE.vocab, (1, count), generator=torch.Generator().manual_seed(seed))


def _split(ids, separator):
    """The items that are followed by the separator."""
    found = [[]]
    for token in ids:
        found[-1].append(token)
        if token == separator:
            found.append([])
    return found[:-1]


class ModelTest(unittest.TestCase):
    def test_counts_its_parameters(self):
        self.assertEqual(sum(p.numel() for p in model().parameters()), SHAPE.parameters)
        for name, low, high in (('cpu', 1.5e6, 2.5e6), ('gpu', 4e6, 6e6)):
            size = SIZES[name]
            self.assertTrue(low <= size.mini.parameters <= high, size.mini.parameters)
            self.assertTrue(5 <= size.mini.parameters / size.draft.parameters <= 10)

    @torch.no_grad()
    def test_later_tokens_change_nothing_before(self):
        one, two = ids(12), ids(12)
        two[0, 8:] = 7
        a, b = model().logits(one), model().logits(two)
        torch.testing.assert_close(a[:, :8], b[:, :8], rtol=0, atol=1e-5)
        self.assertGreater(float((a[:, 8:] - b[:, 8:]).abs().max()), 1e-3)

    @torch.no_grad()
    def test_cache_and_single_steps_agree_with_one_pass(self):
        sequence, cache = ids(10), []
        whole = model().logits(sequence)
        parts = [model().logits(sequence[:, :6], cache=cache)] + [
            model().logits(sequence[:, i:i + 1], cache=cache, start=i) for i in range(6, 10)]
        torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-5)

    def test_rotates_neighbouring_pairs(self):
        x = torch.randn(1, 3, 1, 4)
        angles = torch.tensor([[0.0, 0.0], [1.0, 0.5], [2.0, 1.0]])
        turned = _rotate(x, angles.cos(), angles.sin())
        for t in range(3):
            for pair in range(2):
                a = float(angles[t, pair])
                even, odd = float(x[0, t, 0, 2 * pair]), float(x[0, t, 0, 2 * pair + 1])
                self.assertAlmostEqual(float(turned[0, t, 0, 2 * pair]), even * math.cos(a) - odd * math.sin(a), 5)
                self.assertAlmostEqual(float(turned[0, t, 0, 2 * pair + 1]), even * math.sin(a) + odd * math.cos(a), 5)

    @torch.no_grad()
    def test_padded_prompts_get_the_answers_they_get_alone(self):
        prompts = [ids(5, 2)[0].tolist(), ids(17, 3)[0].tolist(), ids(11, 4)[0].tolist()]
        together = generate.answers(make_fixture.make_model(), prompts, 2, 0, [12, 9, 12])
        alone = [generate.answers(make_fixture.make_model(), [p], 2, 0, [n])[0] for p, n in zip(prompts, (12, 9, 12))]
        self.assertEqual(together, alone)
        self.assertEqual(len(together[1]), 9)


class InductionTest(unittest.TestCase):
    SHAPE = Shape(dim=192, layers=3, heads=6, kv_heads=2, ffn=64, vocab=1200)

    def hits(self, model):
        """How often the token after an earlier occurrence is the likeliest: on a list of random tokens that is said twice."""
        said = torch.randint(300, 1200, (4, 40), generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            found = model.logits(torch.cat([said, said], 1))[:, 40:-1].argmax(-1)
        return float((found == said[:, 1:]).float().mean())

    def test_a_new_model_repeats_what_it_never_saw(self):
        self.assertGreater(self.hits(Model(self.SHAPE).initialise(3)), 0.6)

    def test_it_is_the_two_heads_that_do_it(self):
        for layer in (0, 1):
            model = Model(self.SHAPE).initialise(3)
            model.layers[layer].o.data.zero_()
            self.assertLess(self.hits(model), 0.1)


class MuonTest(unittest.TestCase):
    def test_turns_all_directions_alike(self):
        x = torch.randn(3, 16, 24, generator=torch.Generator().manual_seed(2)) * torch.logspace(-1, 1, 24)
        values = torch.linalg.svdvals(orthogonal(x))
        self.assertGreater(float(values.min()), 0.3)
        self.assertLess(float(values.max()), 1.3)

    def test_treats_stacked_matrices_one_by_one(self):
        generator = torch.Generator().manual_seed(4)
        stacked = torch.nn.Parameter(torch.randn(24, 8, generator=generator))
        alone = [torch.nn.Parameter(part.clone()) for part in stacked.detach().split((16, 8))]
        gradient = torch.randn(24, 8, generator=generator)
        stacked.grad = gradient.clone()
        for part, piece in zip(alone, gradient.split((16, 8))):
            part.grad = piece.clone()
        Muon({stacked: (16, 8)}, [], set(), lr=0.1, weight_decay=0.1).step()
        Muon({p: (p.shape[0],) for p in alone}, [], set(), lr=0.1, weight_decay=0.1).step()
        torch.testing.assert_close(stacked.detach(), torch.cat([p.detach() for p in alone]))

    def test_others_take_the_steps_of_adamw(self):
        start, ours = torch.randn(5, 4, generator=torch.Generator().manual_seed(6)), torch.nn.Parameter(torch.zeros(5, 4))
        theirs = torch.nn.Parameter(start.clone())
        ours.data.copy_(start)
        muon = Muon({}, [ours], {ours}, lr=0.01, weight_decay=0.1)
        adamw = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1, betas=(0.9, 0.95), eps=1e-8)
        for step in range(3):
            for parameter in (ours, theirs):
                parameter.grad = torch.sin(parameter.detach() * (step + 2))
            muon.step()
            adamw.step()
        torch.testing.assert_close(ours, theirs)


class HalfTest(unittest.TestCase):
    def test_products_and_gradients_are_those_of_f32_to_the_precision_of_bf16(self):
        generator = torch.Generator().manual_seed(4)
        results = []
        for linear in (torch.nn.functional.linear, half.linear):
            generator.manual_seed(4)
            x, weight = (torch.randn(size, generator=generator).requires_grad_() for size in ((2, 5, 64), (48, 64)))
            out = linear(x, weight)
            out.backward(torch.randn(out.shape, generator=generator))
            results.append((out.detach(), x.grad, weight.grad))
        for exact, rounded in zip(*results):
            self.assertEqual(exact.shape, rounded.shape)
            self.assertEqual(rounded.dtype, torch.float32)
            # Two roundings of 2^-9 each, and one of the result.
            self.assertLess(float((exact - rounded).norm() / exact.norm()), 3 * 2 ** -9)
            self.assertGreater(float((exact - rounded).abs().max()), 0)


class TogetherTest(unittest.TestCase):
    def test_processes_share_the_mean_of_their_gradients(self):
        def work():
            gradient = torch.full((2, 3), float(together.number()))
            value, = together.average([gradient], [torch.tensor(10.0 * (1 + together.number()))])
            return gradient, float(value), together.count()

        gradient, value, count = together.run(2, work)
        self.assertTrue(torch.equal(gradient, torch.full((2, 3), 0.5)))
        self.assertEqual((value, count), (15.0, 2))
        self.assertEqual(together.count(), 1)

    def test_a_process_that_fails_is_noticed(self):
        def work():
            if together.number():
                raise ValueError('expected by the test')

        with contextlib.redirect_stderr(io.StringIO()), self.assertRaisesRegex(RuntimeError, 'another process'):
            together.run(2, work)


class QuantiseTest(unittest.TestCase):
    def test_q4_0_by_hand(self):
        row = np.zeros((1, 32), np.float32)
        row[0, :4] = [-8, 7, 0.4, 4.6]
        data = quantise.to_bytes('Q4_0', row)
        # The value of largest magnitude is -8, so the scale is 1 (0x3c00); levels 0, 15, 8, 13 and 8 for the zeros above.
        self.assertEqual(data[:6], bytes([0x00, 0x3C, 0x80, 0x8F, 0x88, 0x8D]))
        self.assertEqual(len(data), 18)
        np.testing.assert_array_equal(quantise.rounded('Q4_0', row)[0, :4], [-8, 7, 0, 5])

    def test_q8_0_by_hand(self):
        row = np.zeros((1, 32), np.float32)
        row[0, :4] = [127, -126.5, 0.5, -0.4]
        data = quantise.to_bytes('Q8_0', row)
        self.assertEqual(data[:6], bytes([0x00, 0x3C, 127, 256 - 127, 1, 0]))

    def test_fake_rounding_is_the_rounding_of_the_file(self):
        values = torch.randn(64, 96, generator=torch.Generator().manual_seed(2)) * torch.logspace(-6, 2, 64)[:, None]
        values[3] = 0
        for kind in ('Q4_0', 'Q8_0'):
            fake = quantise.fake(kind, values.clone().requires_grad_())
            close = quantise.rounded(kind, values.numpy())
            # w + (rounded - w) may differ from rounded in the last bit.
            np.testing.assert_allclose(fake.detach().numpy(), close, rtol=2e-6, atol=0)
            fake.sum().backward()

    def test_gradient_passes_straight_through(self):
        weight = torch.randn(2, 32, requires_grad=True)
        (quantise.fake('Q4_0', weight) * 3).sum().backward()
        np.testing.assert_array_equal(weight.grad.numpy(), np.full((2, 32), 3, np.float32))


class ExportTest(unittest.TestCase):
    def test_file_has_the_weights(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'x.gguf'
            original, made = model(), make_fixture.make_tokenizer()
            export.write_gguf(path, original, made, 'x', 'F32')
            metadata, tensors = gguf.read(path)
        self.assertEqual(metadata['llama.attention.head_count_kv'], 2)
        self.assertEqual(metadata['tokenizer.ggml.tokens'], made.tokens)
        self.assertEqual(metadata['general.license'], 'MIT')
        kind, shape, data = tensors['blk.1.attn_k.weight']
        self.assertEqual((kind, shape), ('F32', [32, 64]))
        np.testing.assert_array_equal(np.frombuffer(data, np.float32).reshape(shape), original.layers[1].qkv.detach().numpy()[64:96])
        up = np.frombuffer(tensors['blk.0.ffn_up.weight'][2], np.float32).reshape(96, 64)
        np.testing.assert_array_equal(up, original.layers[0].gate_up.detach().numpy()[96:])

    def test_fixture_is_what_the_export_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / make_fixture.MODEL.name
            export.write_gguf(path, make_fixture.make_model(), make_fixture.make_tokenizer(), 'linnet-fixture', 'Q4_0')
            self.assertEqual(path.read_bytes(), make_fixture.MODEL.read_bytes())

    @torch.no_grad()
    def test_fixture_golden_is_of_the_fixture(self):
        golden = json.loads((FOLDER / 'fixtures' / 'goldens' / 'fixture-q4_0.json').read_text())
        exact = export.as_in_file(make_fixture.make_model(), 'Q4_0').double()
        prompt = golden['prompts'][1]
        logprobs = exact.logits(torch.tensor([prompt['ids']]))[0].log_softmax(-1)
        for position in prompt['exact']['positions']:
            for token, value in position['top']:
                self.assertAlmostEqual(float(logprobs[position['pos'], token]), value, 5)


class TrainingTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        self.tokenizer = make_fixture.make_tokenizer()
        self.conversations = [c for c in corpus.Generator(SIZES['tiny']).shard(0)[:150]]
        packing.encode_shard(self.tokenizer, self.conversations, self.path / '0.npz')
        self.data = packing.Encoded([self.path / '0.npz'])
        self.training = Training((Phase(64, 64 * 8 * 20), Phase(128, 64 * 8 * 10, part='finish')), batch_tokens=512, learning_rate=5e-3, warmup_steps=3)

    def run_(self, name='run', **changes):
        return training.Run(SHAPE, replace(self.training, **changes), self.data, self.tokenizer, self.path / f'{name}.pt', log=lambda _: None)

    def test_rows_hold_whole_conversations(self):
        source = self.data.rows(Phase(96, 0), [1], 0)
        seen = 0
        for _ in range(20):
            row, answer, document = next(source)
            for number in range(document.max() + 1):
                piece = row[document == number].tolist()
                self.assertIn(self.tokenizer.decode(piece, special=True),
                              {''.join(t for t, _ in packing.segments(c.messages)) for c in self.conversations})
                seen += 1
            self.assertTrue((row[document == -1] == 0).all() and not answer[document == -1].any())
        self.assertGreater(seen, 20)

    def test_answers_are_marked(self):
        encoded, answer = packing.encode(self.tokenizer, self.conversations[0])
        marked = [t for t, a in zip(encoded, answer) if a]
        wanted = ''.join(m.content + '<|im_end|>' for m in self.conversations[0].messages if m.role == 'assistant')
        self.assertEqual(self.tokenizer.decode(marked, special=True), wanted)

    @torch.no_grad()
    def test_neighbours_in_a_row_do_not_meet(self):
        batch = next(self.data.batches(Phase(128, 0), 2, [3], 0, SPECIAL))
        both = training.loss_of(model(), batch, 0.1)[0]
        changed = [part.clone() for part in batch]
        first = changed[2] == 0
        changed[0][first] = 9  # another first conversation in each row
        changed[2][first] = -1  # whose loss does not count
        others = [batch[0], batch[1], batch[2].masked_fill(first, -1)]
        torch.testing.assert_close(training.loss_of(model(), others, 0.1)[0], training.loss_of(model(), changed, 0.1)[0])
        self.assertNotEqual(float(both), 0)

    def test_primer_rows_can_be_known_from_what_stands_before(self):
        random = np.random.default_rng(7)
        for _ in range(40):
            ids, answer, document = packing._primer(random, 128, SPECIAL, 480)
            self.assertEqual((len(ids), len(answer), len(document)), (129, 129, 129))
            self.assertGreaterEqual(ids.min(), SPECIAL)
            self.assertGreater(answer.sum(), 5)
            for at in np.flatnonzero(answer):
                self.assertIn(ids[at], ids[:at])

    def test_rows_that_say_it_again_have_a_period(self):
        random = np.random.default_rng(8)
        ids, answer = packing._said_again(lambda n: random.integers(SPECIAL, 480, n).tolist(), random, 97)
        period = answer.index(1)
        np.testing.assert_array_equal(ids[period:], ids[:-period])

    def test_rows_of_lists_give_every_list_once_more(self):
        random = np.random.default_rng(8)
        counter = iter(range(100_000))
        orders = set()
        for _ in range(20):
            ids, answer = packing._listed(lambda n: [next(counter) for _ in range(n)], random, 161)
            separator = next(t for t in ids if ids.count(t) > 3)
            stops = [i for i, t in enumerate(ids) if t == min(ids) + 2]
            said, again = ids[:answer.index(1) + 1], ids[:stops[0]]
            tell = said.index(min(ids) + 1)
            items, repeated = (_split(part, separator) for part in (ids[:tell], again[tell + 1:]))
            orders.add('same' if repeated == items else 'opposite' if repeated == items[::-1] else 'neither')
            self.assertEqual(answer.index(1), tell + len(repeated[0]))  # the separator behind the first item of the answer
        self.assertEqual(orders, {'same', 'opposite'})

    def test_rows_of_associations_answer_with_the_value_of_the_key_and_ask_for_each_once(self):
        random = np.random.default_rng(9)
        for _ in range(20):
            counter = iter(range(100_000))
            ids, answer = packing._associated(lambda n: [next(counter) for _ in range(n)], random, 129)
            starts = [i for i in range(1, 129) if answer[i] and not answer[i - 1]]
            keys = [ids[start - 2] for start in starts]
            self.assertEqual(len(set(keys)), len(keys))
            for start, key in zip(starts, keys):
                value = [ids[i] for i in range(start, min(start + 3, 129)) if all(answer[start:i + 1])]
                near = ids[max(0, ids.index(key) - 8):ids.index(key) + 8]
                self.assertTrue(set(value) <= set(near))

    def test_phases_with_a_least_length_leave_short_conversations_out(self):
        lengths = self.data.ends - self.data.starts
        source = self.data.rows(Phase(128, 0, least=100), [1], 0)
        for _ in range(20):
            _, _, document = next(source)
            sizes = np.unique(document[document >= 0], return_counts=True)[1]
            self.assertGreaterEqual(sizes.min(), 100)
        self.assertLess(lengths.min(), 100)

    def test_learns_and_goes_on_after_a_break(self):
        through = self.run_('a')
        self.assertTrue(through.train())
        self.assertTrue(through.model.quantised)
        self.assertEqual(through.step, through.total_steps)
        first, last = through.history[0][1], through.history[-1][1]
        self.assertLess(last, first - 1)
        broken = self.run_('b')
        self.assertFalse(broken.train(most_steps=7))
        again = self.run_('b').resume()
        self.assertEqual(again.step, 7)
        for p, q in zip(broken.model.parameters(), again.model.parameters()):
            self.assertTrue(torch.equal(p, q))
        self.assertTrue(again.train())
        self.assertLess(again.history[-1][1], first - 1)

    def test_rate_is_steady_then_falls_in_two_parts(self):
        phases = (Phase(64, 512 * 10), Phase(64, 512 * 10, part='cool'), Phase(64, 512 * 10, part='finish'))
        plan = replace(self.training, phases=phases, learning_rate=1.0, cool_rate=0.2, final_rate=0.1)
        self.assertEqual([training.starts_at(plan, part) for part in training.PARTS], [0, 10, 20])
        rates = [training.learning_rate(plan, step, 1000) for step in range(30)]
        self.assertEqual(rates[:11], [1.0] * 11)
        for step, rate in ((15, 0.6), (20, 0.2), (25, 0.15)):
            self.assertAlmostEqual(rates[step], rate)
        self.assertEqual(sorted(rates, reverse=True), rates)
        self.assertAlmostEqual(training.learning_rate(plan, 5, 0), 1 / 3)  # warming up again after a start without optimiser state

    def test_weights_survive_in_half_precision(self):
        run = self.run_('c')
        run.train(most_steps=3)
        training.save_weights(self.path / 'w.npz', run.model, run.step)
        weights, step = training.load_weights(self.path / 'w.npz')
        self.assertEqual(step, 3)
        for name, value in run.model.state_dict().items():
            torch.testing.assert_close(weights[name], value, rtol=1e-3, atol=1e-6)

    def test_distilling_lowers_the_divergence(self):
        teacher = make_fixture.make_model()
        batch = next(self.data.batches(Phase(64, 0), 8, [1], 0, SPECIAL))
        run = training.Run(SHAPE, replace(self.training, phases=(Phase(64, 512 * 30),)), self.data, self.tokenizer, self.path / 'd.pt',
                           teacher=teacher, log=lambda _: None)
        before = float(training.loss_of(run.model, batch, 0.1, teacher)[0])
        run.train()
        self.assertLess(float(training.loss_of(run.model, batch, 0.1, teacher)[0]), before)


if __name__ == '__main__':
    unittest.main()
