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
    qat: bool = False
    least: int = 0
    primer: float = 0.0  # share of rows that are random tokens, over and over: they teach to look back and repeat


@dataclass(frozen=True)
class Training:
    phases: tuple
    batch_tokens: int
    learning_rate: float  # of embeddings and norms
    warmup_steps: int
    matrix_rate: float = 1.0  # learning rate of the matrices, in learning rates
    final_rate: float = 0.05  # of learning_rate, at the end of the cosine
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


def _phases(total, shares):
    return tuple(Phase(length, int(total * share), qat, least, primer) for length, share, qat, least, primer in shares)


# Short rows first; long ones late and only with conversations that need them; the last part with rounded weights.
_SHARES = ((128, 0.10, False, 0, 0.20), (128, 0.40, False, 0, 0.03), (256, 0.26, False, 0, 0.03), (512, 0.04, False, 200, 0.0),
           (1024, 0.02, False, 400, 0.0), (256, 0.18, True, 0, 0.0))
_SHORT_SHARES = ((128, 0.6, False, 0, 0.2), (256, 0.4, True, 0, 0.0))
_CPU_MINI = Shape(dim=192, layers=6, heads=6, kv_heads=2, ffn=384, vocab=1536)
_CPU_TRAINING = Training(_phases(13_400_000, _SHARES), batch_tokens=4096, learning_rate=3e-3, warmup_steps=100)
_GPU_MINI = Shape(dim=288, layers=8, heads=9, kv_heads=3, ffn=512, vocab=2048)
_GPU_TRAINING = Training(_phases(800_000_000, _SHARES), batch_tokens=65_536, learning_rate=3e-3, warmup_steps=300, checkpoint_seconds=60)
_TINY_TRAINING = Training(_phases(60_000, _SHORT_SHARES), batch_tokens=1024, learning_rate=4e-3, warmup_steps=5)

SIZES = {
    'cpu': Size('cpu', 'cpu', shards=20, conversations=10_000, vocab=1536, mini=_CPU_MINI,
                draft=Shape(dim=96, layers=2, heads=3, kv_heads=1, ffn=192, vocab=1536),
                training=_CPU_TRAINING, distilling=replace(_CPU_TRAINING, phases=_phases(3_000_000, _SHARES))),
    'gpu': Size('gpu', 'gpu', shards=120, conversations=10_000, vocab=2048, mini=_GPU_MINI,
                draft=Shape(dim=160, layers=2, heads=5, kv_heads=1, ffn=384, vocab=2048),
                training=_GPU_TRAINING, distilling=replace(_GPU_TRAINING, phases=_phases(150_000_000, _SHARES))),
    # A shape of linnet-mini's size with few tokens: shows within minutes that a skill or two can be learned (--skills).
    'slice': Size('slice', 'cpu', shards=1, conversations=8000, vocab=1024, mini=replace(_CPU_MINI, vocab=1024),
                  draft=Shape(dim=96, layers=2, heads=3, kv_heads=1, ffn=192, vocab=1024),
                  training=replace(_CPU_TRAINING, phases=_phases(500_000, _SHORT_SHARES), batch_tokens=2048, warmup_steps=20),
                  distilling=replace(_CPU_TRAINING, phases=_phases(200_000, _SHORT_SHARES), batch_tokens=2048, warmup_steps=20),
                  cases=40),
    # Runs in a minute and learns next to nothing: for the tests of the whole chain.
    'tiny': Size('tiny', 'cpu', shards=1, conversations=1200, vocab=640,
                 mini=Shape(dim=64, layers=2, heads=2, kv_heads=1, ffn=128, vocab=640),
                 draft=Shape(dim=32, layers=1, heads=1, kv_heads=1, ffn=64, vocab=640),
                 training=_TINY_TRAINING, distilling=_TINY_TRAINING, cases=8),
}

# Shares of conversations.
MIXTURE = {'facts': 0.13, 'self': 0.06, 'recall': 0.16, 'lists': 0.20, 'arithmetic': 0.09, 'json': 0.12, 'tools': 0.09,
           'story': 0.03, 'outline': 0.03, 'reference': 0.03, 'refusal': 0.06}

# Required at each size: share of right answers, and two rates that are counted beside them (CASES.md).
GOALS = json.loads((FOLDER / 'goals.json').read_text(encoding='utf-8'))


def work_folder(name):
    """Where everything of a run lies; git ignores it."""
    folder = REPOSITORY / '.cache' / 'built-in-model' / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
