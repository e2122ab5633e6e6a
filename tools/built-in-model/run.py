#!/usr/bin/env python3
"""From nothing to the files: `python3 tools/built-in-model/run.py all --size cpu`. See README.md for the stages.

Every stage writes to .cache/built-in-model/SIZE and is passed over when what it makes is there; training goes on from
its checkpoint. `--again` makes a stage anew.
"""
import argparse
import functools
import hashlib
import json
import math
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mini.settings import FOLDER, REPOSITORY, SIZES, work_folder  # noqa: E402

print = functools.partial(print, flush=True)
STAGES = ('corpus', 'cases', 'tokenizer', 'encode', 'train', 'cool', 'finish', 'float', 'draft', 'export', 'golden', 'evaluate')
EXTRA = ('overlap', 'speed', 'answer', 'publish')
MOST_COMMITTED_BYTES = 8_000_000
FILES = {'mini': 'linnet-mini-q4_0.gguf', 'mini-f32': 'linnet-mini-f32.gguf', 'draft': 'linnet-draft-q4_0.gguf'}


class Driver:
    def __init__(self, options):
        self.options, self.size = options, SIZES[options.size]
        self.folder = work_folder(options.run or self.size.name)
        self.started = time.time()

    # ------------------------------------------------------------------------------------------------ places

    def shards(self):
        return [self.folder / 'corpus' / f'{n:03d}.jsonl' for n in range(self.size.shards)]

    def encoded(self):
        return [self.folder / 'encoded' / f'{n:03d}.npz' for n in range(self.size.shards)]

    def case_file(self, skill):
        return self.folder / 'cases' / f'{skill}.jsonl'

    @property
    def tokenizer_file(self):
        return self.folder / 'tokenizer.json'

    def checkpoint(self, name):
        return self.folder / 'checkpoints' / f'{name}.pt'

    def weights(self, name):
        return self.folder / 'weights' / f'{name}.npz'

    def committed(self, name):
        return FOLDER / 'weights' / f'{self.size.name}-{name}.npz'

    @property
    def committed_tokenizer(self):
        return FOLDER / 'weights' / f'{self.size.name}-tokenizer.json'

    def model_file(self, name):
        return self.folder / 'parity' / 'models' / FILES[name]

    # ------------------------------------------------------------------------------------------------ text

    def corpus(self):
        missing = [n for n, path in enumerate(self.shards()) if self.options.again or not path.exists()]
        mark, source = self.folder / 'source.txt', _fingerprint()
        if len(missing) == self.size.shards or not mark.exists():
            mark.write_text(source)
        elif mark.read_text() != source:
            print('corpus: the templates have changed since it was made; --again makes corpus, cases, tokenizer and encode anew')
        self._everywhere(_make_shard, [(self.size.name, self.skills(), n, self.shards()[n]) for n in missing])
        print(f'corpus: {len(missing)} of {self.size.shards} shards made')

    def cases(self):
        from mini import corpus
        generator, made = corpus.Generator(self.size), 0
        for skill in self.skills():
            path = self.case_file(skill)
            if self.options.again or not path.exists():
                path.parent.mkdir(exist_ok=True)
                corpus.write_cases(path, skill, generator.cases(skill))
                made += 1
        print(f'cases: {made} files made, {self.size.cases} cases each')

    def overlap(self):
        from mini import corpus, overlap
        found, total = overlap.shared(self.all_cases(), (c for path in self.shards() for c in corpus.read_shard(path)))
        for gram, cases in sorted(found.items())[:20]:
            print('shared:', ' '.join(gram), cases[:3])
        print(f'overlap: {len(found)} of {total} held-out runs of {overlap.N} words occur in {self.size.shards} shards')
        if found:
            raise SystemExit(1)

    def tokenizer(self):
        from mini import tokenizer
        from mini.conversation import segments
        from mini.corpus import read_shard
        if self.tokenizer_file.exists() and not self.options.again:
            return print('tokenizer: there')
        if self.options.from_committed:
            shutil.copy(self.committed_tokenizer, self.tokenizer_file)
            return print('tokenizer: the committed one')
        texts = (text for path in self.shards()[:8] for c in read_shard(path) for text, _ in segments(c.messages))
        made = tokenizer.train(tokenizer.count_words(texts), self.size.vocab)
        if len(made.tokens) != self.size.vocab:
            raise SystemExit(f'the corpus gives only {len(made.tokens)} tokens')
        made.save(self.tokenizer_file)
        print(f'tokenizer: {len(made.tokens)} tokens in {self.elapsed()}')

    def encode(self):
        missing = [n for n, path in enumerate(self.encoded()) if self.options.again or not path.exists()]
        self._everywhere(_encode_shard, [(self.shards()[n], self.encoded()[n], self.tokenizer_file) for n in missing])
        print(f'encode: {len(missing)} of {self.size.shards} shards, {len(self.data().ids)} tokens in all')

    def _everywhere(self, job, arguments):
        if self.options.workers > 1:
            with ProcessPoolExecutor(self.options.workers) as pool:
                list(pool.map(job, arguments))
        else:
            for argument in arguments:
                job(argument)

    # ------------------------------------------------------------------------------------------------ training

    def train(self):
        """The steady part, for as long as --minutes says; it can be gone on with at any time."""
        run = self.run('mini-steady').resume()
        if run.step == 0 and self.options.from_committed:
            from mini.training import load_weights
            run.start_from(*load_weights(self.committed('mini-steady')))
            print(f'train: going on from the committed weights of step {run.step}')
        self._go_on(run, 'mini-steady', until='cool')

    def cool(self):
        """A falling rate, from what the steady part has come to."""
        self._go_on(self._copied('mini-cool', 'mini-steady').skip_to('cool'), 'mini-cool', until='finish')

    def finish(self):
        """The last part from there, with rounded weights."""
        self._finish('mini')

    def float(self):
        """The F32 model to compare with: the last part once more, from the same weights, without rounding."""
        self._finish('mini-float', qat=False)

    def _finish(self, name, qat=True):
        self._go_on(self._copied(name, 'mini-cool').skip_to('finish'), name, qat=qat)

    def _copied(self, name, source):
        """A run that goes on from its own checkpoint, at first from a copy of another one's."""
        if not self.checkpoint(name).exists():
            shutil.copy(self.checkpoint(source), self.checkpoint(name))
        return self.run(name).resume()

    def draft(self):
        teacher = self.model('mini', 'Q4_0')
        run = self.run('draft', self.size.draft, self.size.distilling, teacher).resume()
        self._go_on(run, 'draft')

    def run(self, name, shape=None, training=None, teacher=None):
        from mini.training import Run
        training = training or self.size.training
        if self.options.scale != 1:
            training = replace(training, phases=tuple(replace(p, tokens=int(p.tokens * self.options.scale)) for p in training.phases))
        return Run(shape or self.size.mini, training, self.data(), self.load_tokenizer(), self.checkpoint(name), self.device, teacher,
                   half=self.options.bf16, log=lambda text: print(f'{name}: {text}', flush=True))

    def _go_on(self, run, name, qat=True, until=None):
        from mini import together
        from mini.training import save_weights
        workers = self.options.workers if self.device == 'cuda' else 0
        left = self.options.minutes * 60 - (time.time() - self.started)
        if not together.run(self.options.processes, lambda: run.train(left, qat=qat, until=until, workers=workers)):
            self._stop(run, name)
        self.weights(name).parent.mkdir(exist_ok=True)
        save_weights(self.weights(name), run.model, run.step)
        self._note(name, {'steps': run.step, 'minutes': round(run.seconds / 60, 1), 'device': self.device,
                          'parameters': run.model.shape.parameters, 'losses': run.history[:: max(1, len(run.history) // 50)]})
        print(f'{name}: done after {run.step} steps, {run.seconds / 60:.1f} minutes in all')

    def _stop(self, run, name):
        from mini.training import save_weights
        self.weights(name).parent.mkdir(exist_ok=True)
        save_weights(self.weights(name), run.model, run.step)
        print(f'{name}: stopped at step {run.step} of {run.total_steps}; the same command goes on from here')
        raise SystemExit(3)

    def _note(self, name, facts):
        path = self.folder / 'notes.json'
        notes = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**notes, name: facts}, indent=1) + '\n')

    # ------------------------------------------------------------------------------------------------ results

    def export(self):
        from mini import export
        self.model_file('mini').parent.mkdir(parents=True, exist_ok=True)
        for name, weights, kind in self.made():
            size = export.write_gguf(self.model_file(name), self.raw(weights), self.load_tokenizer(), 'linnet-' + name.split('-')[0], kind)
            print(f'export: {FILES[name]}, {size} bytes')
            if kind == 'Q4_0' and size > export.MOST_BYTES:
                raise SystemExit(f'{FILES[name]} is larger than {export.MOST_BYTES} bytes')

    def made(self):
        """(file, weights, kind) of the models whose weights are there."""
        files = (('mini', 'mini', 'Q4_0'), ('mini-f32', 'mini', 'F32'), ('draft', 'draft', 'Q4_0'))
        return [entry for entry in files if self.weights(entry[1]).exists()]

    def golden(self):
        from mini import export, golden
        goldens = self.folder / 'parity' / 'goldens'
        goldens.mkdir(parents=True, exist_ok=True)
        for name, weights, kind in self.made():
            file = self.model_file(name)
            difference = golden.write_golden(goldens / (file.stem + '.json'), file, export.as_in_file(self.raw(weights), kind),
                                             self.load_tokenizer(), self.golden_prompts())
            print(f'golden: {file.stem}, f32 differs from f64 by {difference:.1e} at most')
        print(f'golden: compare with  npm run parity -- {(self.folder / "parity").relative_to(REPOSITORY)}')

    def golden_prompts(self):
        from mini.conversation import Message, render_prompt
        cases = sorted(self.all_cases(), key=lambda c: sum(len(m['content']) for m in c['messages']))
        picked = [('short', cases[0]), ('medium', cases[len(cases) // 2]), ('long', cases[-1])]
        return [(name, render_prompt([Message(m['role'], m['content']) for m in case['messages']])) for name, case in picked]

    def evaluate(self):
        from mini import evaluate
        cases = self.all_cases()
        if self.options.sample:
            cases = [c for skill in self.skills() for c in self.read_cases(skill)[:self.options.sample]]
        columns = {}
        for title, name, kind in (('F32', 'mini-float', 'F32'), ('Q4_0 rounded', 'mini-float', 'Q4_0'), ('Q4_0 QAT', 'mini', 'Q4_0'),
                                  ('draft', 'draft', 'Q4_0')):
            if not self.weights(name).exists():
                continue
            found = evaluate.answer_cases(self.model(name, kind), self.load_tokenizer(), cases, self.device)
            evaluate.save_answers(self.folder / f'answers-{title.replace(" ", "-")}.jsonl', cases, found)
            columns[title] = evaluate.tally(cases, found)
            print(f'evaluate: {title} answered {len(cases)} cases, {self.elapsed()}')
        table = evaluate.table(columns, self.size.skills)
        (self.folder / 'scores.md').write_text(table + '\n')
        print(table)
        print(evaluate.verdict(columns['Q4_0 QAT'], self.size.skills))

    def answer(self):
        """One chat turn, to try a model: run.py answer --size cpu --text 'What is WebGPU?'"""
        from mini import evaluate
        case = {'id': 'x', 'messages': [{'role': 'user', 'content': self.options.text}], 'maxTokens': 200}
        print(evaluate.answer_cases(self.model('mini', 'Q4_0'), self.load_tokenizer(), [case], self.device)['x'])

    def speed(self):
        """Trains from nothing for a minute, keeps nothing, and says how long the whole would take."""
        from mini.training import Run, plan
        rates = {}
        for length in sorted({p.length for p in self.size.training.phases}):
            for rounded in sorted({p.part == 'finish' for p in self.size.training.phases if p.length == length}):
                phase = next(p for p in self.size.training.phases if p.length == length and (p.part == 'finish') == rounded)
                training = replace(self.size.training, phases=(replace(phase, tokens=10 ** 12),))
                run = Run(self.size.mini, training, self.data(), self.load_tokenizer(), self.folder / 'speed.pt', self.device, log=lambda _: None)
                rows = plan(training)[0][2]
                run.train(most_steps=2)
                began, worked = time.time(), time.process_time()
                run.train(seconds=self.options.seconds)
                tokens, waited = (run.step - 2) * rows * length, time.time() - began
                rates[length, rounded] = tokens / waited
                print(f'speed: rows of {length}{", rounded" if rounded else ""}: {tokens / waited:.0f} tokens/s, '
                      f'{tokens / (time.process_time() - worked):.0f} for each second of processor time')
        (self.folder / 'speed.pt').unlink()
        total = sum(p.tokens / rates[p.length, p.part == 'finish'] for p in self.size.training.phases)
        again = sum(p.tokens / rates[p.length, p.part == 'finish'] for p in self.size.training.phases if p.part == 'finish')
        print(f'speed: {self.size.mini.parameters} parameters, {sum(p.tokens for p in self.size.training.phases)} tokens: '
              f'{total / 60:.0f} minutes for linnet-mini, {again / 60:.0f} more for the F32 model beside it')

    def publish(self):
        """Copies what is to be committed: models, goldens, cases, answers, f16 weights, and the scores into the model card."""
        models, goldens = REPOSITORY / 'public' / 'models', FOLDER / 'goldens'
        places = [(self.model_file(n), models / FILES[n]) for n in ('mini', 'draft')]
        places += [(self.folder / 'parity' / 'goldens' / f'{Path(FILES[n]).stem}.json', goldens / f'{Path(FILES[n]).stem}.json') for n in ('mini', 'draft')]
        places += [(self.case_file(skill), FOLDER / 'cases' / f'{skill}.jsonl') for skill in self.skills()]
        places += [(self.folder / 'answers-Q4_0-QAT.jsonl', FOLDER / 'answers.jsonl')]
        places += [(self.weights('mini-steady'), self.committed('mini-steady')), (self.tokenizer_file, self.committed_tokenizer)]
        for source, target in places:
            if source.stat().st_size > MOST_COMMITTED_BYTES:
                raise SystemExit(f'publish: {source.name} is too large to be committed, {source.stat().st_size} bytes')
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
            print(f'publish: {target.relative_to(REPOSITORY)}, {target.stat().st_size} bytes')
        _between(models / 'README.md', 'scores', (self.folder / 'scores.md').read_text(encoding='utf-8'))
        size = (models / FILES['mini']).stat().st_size
        catalogue = REPOSITORY / 'public' / 'models.json'
        listed = json.loads(catalogue.read_text(encoding='utf-8'))
        for entry in listed['models']:
            if entry['file'] == f'models/{FILES["mini"]}':
                entry['sizeBytes'] = size
        catalogue.write_text(json.dumps(listed, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')

    # ------------------------------------------------------------------------------------------------ what is there

    @property
    def device(self):
        import torch
        return 'cuda' if torch.cuda.is_available() and not self.options.cpu else 'cpu'

    @functools.lru_cache
    def data(self):
        from mini.packing import Encoded
        return Encoded(self.encoded())

    @functools.lru_cache
    def load_tokenizer(self):
        from mini.tokenizer import Tokenizer
        return Tokenizer.load(self.tokenizer_file)

    def raw(self, name):
        """A model with its f16 weights, as f32."""
        from mini.model import Model
        from mini.training import load_weights
        model = Model(self.size.draft if name == 'draft' else self.size.mini)
        model.load_state_dict(load_weights(self.weights(name))[0])
        return model.eval()

    def model(self, name, kind):
        from mini.export import as_in_file
        return as_in_file(self.raw(name), kind)

    def skills(self):
        from mini.corpus import SKILLS
        return tuple(self.options.skills.split(',')) if self.options.skills else SKILLS

    def read_cases(self, skill):
        from mini.corpus import read_cases
        return read_cases(self.case_file(skill))

    def all_cases(self):
        return [case for skill in self.skills() for case in self.read_cases(skill)]

    def elapsed(self):
        return f'{time.time() - self.started:.0f} s'


def _fingerprint():
    """Of everything that the corpus and the cases are made from."""
    parts = [*sorted((FOLDER / 'data').glob('*.txt')), *sorted((FOLDER / 'mini' / 'skills').glob('*.py')),
             *(FOLDER / 'mini' / f'{name}.py' for name in ('words', 'wordings', 'facts', 'corpus', 'conversation', 'settings'))]
    return hashlib.sha256(b''.join(path.read_bytes() for path in parts)).hexdigest()


def _between(path, name, text):
    """Puts `text` between the marks of a Markdown file."""
    start, end = f'<!-- {name} -->', f'<!-- end of {name} -->'
    before, rest = path.read_text(encoding='utf-8').split(start)
    path.write_text(f'{before}{start}\n\n{text.strip()}\n\n{end}{rest.split(end)[1]}', encoding='utf-8')


def _make_shard(argument):
    from mini import corpus
    name, skills, number, path = argument
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix('.part')
    corpus.write_shard(part, corpus.Generator(SIZES[name], skills).shard(number))
    part.replace(path)


def _encode_shard(argument):
    from mini.corpus import read_shard
    from mini.packing import encode_shard
    from mini.tokenizer import Tokenizer
    source, target, tokenizer = argument
    target.parent.mkdir(exist_ok=True)
    part = target.with_suffix('.part.npz')
    encode_shard(Tokenizer.load(tokenizer), read_shard(source), part)
    part.replace(target)


def main():
    parser = argparse.ArgumentParser(description='Makes the built-in model.')
    parser.add_argument('stages', nargs='+', choices=('all', *STAGES, *EXTRA), help='in this order; `all` is ' + ', '.join(STAGES))
    parser.add_argument('--size', choices=SIZES, default='cpu')
    parser.add_argument('--run', default='', help='name of the folder to work in; the name of the size if not given')
    parser.add_argument('--skills', default='', help='only these, e.g. self,refusal; the same in every call of a run')
    parser.add_argument('--from-committed', action='store_true', help='go on from the weights and the tokenizer in weights/')
    parser.add_argument('--again', action='store_true', help='make anew what is there (corpus, cases, tokenizer, encode)')
    parser.add_argument('--minutes', type=float, default=math.inf, help='stop training after so long; exit code 3')
    parser.add_argument('--threads', type=int, default=0, help='threads of PyTorch; 0: its own choice')
    parser.add_argument('--bf16', action='store_true', help='matrix products of training in bf16, where a CPU is good at it')
    parser.add_argument('--processes', type=int, default=1, help='that train together, on a CPU: one a core')
    parser.add_argument('--workers', type=int, default=1, help='processes for text, and for packing on a GPU')
    parser.add_argument('--cpu', action='store_true', help='do not use a GPU')
    parser.add_argument('--scale', type=float, default=1, help='of the tokens to train on; the same in every call of a run')
    parser.add_argument('--sample', type=int, default=0, help='cases a skill to evaluate; 0: all')
    parser.add_argument('--seconds', type=float, default=12, help='of measuring for each kind of row (speed)')
    parser.add_argument('--text', default='What are you?', help='the question (answer)')
    options = parser.parse_args()
    if options.threads:
        os.environ['OMP_NUM_THREADS'] = str(options.threads)
        import torch
        torch.set_num_threads(options.threads)
    driver = Driver(options)
    for stage in [s for name in options.stages for s in (STAGES if name == 'all' else (name,))]:
        getattr(driver, stage)()


if __name__ == '__main__':
    main()
