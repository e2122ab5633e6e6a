"""Sizes, shapes, phases, seeds and places: everything that a run can be asked to do differently. Runs nothing."""
import json
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
REPOSITORY = FOLDER.parent.parent
SEED = 20260101
CASES_PER_SKILL = 240


@dataclass(frozen=True)
class Shape:
    """A llama model: tied head, head_dim = dim / heads."""
    dim: int
    layers: int
    heads: int
    kv_heads: int
    ffn: int
    vocab: int
    context: int = 1024
    theta: float = 100000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.dim // self.heads

    @property
    def parameters(self):
        kv = self.kv_heads * self.head_dim
        layer = 2 * self.dim * self.dim + 2 * self.dim * kv + 3 * self.dim * self.ffn + 2 * self.dim
        return self.vocab * self.dim + self.layers * layer + self.dim


@dataclass(frozen=True)
class Phase:
    """`length`: tokens in a row; conversations that are longer wait for a later phase, those below `least` are left out."""
    length: int
    tokens: int
    part: str = 'steady'  # `steady`: at the full learning rate; `cool`: it falls to `cool_rate`; `finish`: on to `final_rate`, with rounded weights
    least: int = 0
    primer: float = 0.0  # share of rows of random tokens, which teach to look back: packing.py


@dataclass(frozen=True)
class Training:
    phases: tuple
    batch_tokens: int
    learning_rate: float  # of embeddings and norms
    warmup_steps: int
    matrix_rate: float = 1.0  # learning rate of the matrices, in learning rates
    cool_rate: float = 0.2  # of learning_rate, at the end of the cooling
    final_rate: float = 0.02  # the same, at the end of the finish
    weight_decay: float = 0.1
    clip: float = 1.0
    prompt_weight: float = 0.1  # of the loss on tokens that are not answers
    checkpoint_seconds: int = 300


@dataclass(frozen=True)
class Size:
    name: str
    skills: str  # which column of goals: `cpu` or `gpu`
    shards: int
    conversations: int  # in a shard
    vocab: int
    mini: Shape
    draft: Shape
    training: Training
    distilling: Training
    cases: int = CASES_PER_SKILL

    def in_words(self):
        """The size of linnet-mini as it says it itself."""
        millions = round(self.mini.parameters / 1e6)
        return 'one two three four five six seven'.split()[millions - 1] + ' million' if millions else 'a hundred thousand'


def _phases(total, cooling, finish, steady=None):
    """Phases at a steady rate, which may be broken off and gone on with for as long as there is time; then the cooling and the
    finish, for which a copy of what is there is taken at any time. Short rows come first; long ones only with conversations that
    need them."""
    steady = steady or ((128, 0.06, 0, 0.20), (128, 0.16, 0, 0.35), (128, 0.10, 0, 0.15), (256, 0.30, 0, 0.30), (256, 0.38, 0, 0.20))
    falling = ((512, 0.08, 200, 0.0), (1024, 0.02, 400, 0.0), (256, 0.90, 0, 0.10))
    return tuple(Phase(length, int(tokens * share), part, least, primer)
                 for part, tokens, shares in (('steady', total, steady), ('cool', cooling, falling), ('finish', finish, falling))
                 for length, share, least, primer in shares)


_FEW = ((128, 0.8, 0, 0.2), (256, 0.2, 0, 0.0))
_CPU_MINI = Shape(dim=192, layers=6, heads=6, kv_heads=2, ffn=384, vocab=1536)
_CPU_TRAINING = Training(_phases(60_000_000, 18_000_000, 2_000_000), batch_tokens=4096, learning_rate=2.5e-3, warmup_steps=100)
_GPU_MINI = Shape(dim=288, layers=8, heads=9, kv_heads=3, ffn=512, vocab=2048)
_GPU_TRAINING = Training(_phases(650_000_000, 120_000_000, 30_000_000), batch_tokens=65_536, learning_rate=3e-3, warmup_steps=300, checkpoint_seconds=60)
_TINY_TRAINING = Training(_phases(40_000, 10_000, 10_000, _FEW), batch_tokens=1024, learning_rate=4e-3, warmup_steps=5)

SIZES = {
    'cpu': Size('cpu', 'cpu', shards=28, conversations=10_000, vocab=1536, mini=_CPU_MINI,
                draft=Shape(dim=96, layers=2, heads=3, kv_heads=1, ffn=192, vocab=1536),
                training=_CPU_TRAINING, distilling=replace(_CPU_TRAINING, phases=_phases(3_000_000, 1_500_000, 500_000))),
    'gpu': Size('gpu', 'gpu', shards=120, conversations=10_000, vocab=2048, mini=_GPU_MINI,
                draft=Shape(dim=160, layers=2, heads=5, kv_heads=1, ffn=384, vocab=2048),
                training=_GPU_TRAINING, distilling=replace(_GPU_TRAINING, phases=_phases(110_000_000, 30_000_000, 10_000_000))),
    # A shape of linnet-mini's size with few tokens: shows within minutes that a skill or two can be learned (--skills).
    'slice': Size('slice', 'cpu', shards=1, conversations=8000, vocab=1024, mini=replace(_CPU_MINI, vocab=1024),
                  draft=Shape(dim=96, layers=2, heads=3, kv_heads=1, ffn=192, vocab=1024),
                  training=replace(_CPU_TRAINING, phases=_phases(400_000, 50_000, 50_000, _FEW), batch_tokens=2048, warmup_steps=20),
                  distilling=replace(_CPU_TRAINING, phases=_phases(160_000, 20_000, 20_000, _FEW), batch_tokens=2048, warmup_steps=20),
                  cases=40),
    # Runs in a minute and learns next to nothing: for the tests of the whole chain.
    'tiny': Size('tiny', 'cpu', shards=1, conversations=1200, vocab=640,
                 mini=Shape(dim=64, layers=2, heads=2, kv_heads=1, ffn=128, vocab=640),
                 draft=Shape(dim=32, layers=1, heads=1, kv_heads=1, ffn=64, vocab=640),
                 training=_TINY_TRAINING, distilling=_TINY_TRAINING, cases=8),
}

# Shares of conversations.
MIXTURE = {'facts': 0.10, 'self': 0.12, 'recall': 0.13, 'lists': 0.17, 'arithmetic': 0.09, 'json': 0.11, 'tools': 0.10,
           'story': 0.04, 'outline': 0.04, 'reference': 0.04, 'refusal': 0.06}

# Required at each size: share of right answers, and two rates that are counted beside them (CASES.md).
GOALS = json.loads((FOLDER / 'goals.json').read_text(encoding='utf-8'))


def work_folder(name):
    """Where everything of a run lies; git ignores it."""
    folder = REPOSITORY / '.cache' / 'built-in-model' / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
