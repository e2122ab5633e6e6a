"""Sizes, shapes, phases, seeds and places: everything that a run can be asked to do differently. Runs nothing."""
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
    theta: float = 10000.0
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
    """`length`: tokens in a row; conversations that are longer wait for a later phase."""
    length: int
    tokens: int
    qat: bool = False


@dataclass(frozen=True)
class Training:
    phases: tuple
    batch_tokens: int
    learning_rate: float  # of embeddings and norms
    warmup_steps: int
    matrix_rate: float = 2.0  # learning rate of the matrices, in learning rates
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
    return tuple(Phase(length, int(total * share), qat) for length, share, qat in shares)


# The last fifth learns with rounded weights; long rows come late.
_SHARES = ((128, 0.50, False), (256, 0.30, False), (256, 0.10, True), (512, 0.06, True), (1024, 0.04, True))
_CPU_MINI = Shape(dim=192, layers=6, heads=6, kv_heads=2, ffn=384, vocab=1536)
_CPU_TRAINING = Training(_phases(12_000_000, _SHARES), batch_tokens=4096, learning_rate=3e-3, warmup_steps=100)
_GPU_MINI = Shape(dim=288, layers=8, heads=9, kv_heads=3, ffn=512, vocab=2048)
_GPU_TRAINING = Training(_phases(800_000_000, _SHARES), batch_tokens=65_536, learning_rate=3e-3, warmup_steps=300, checkpoint_seconds=60)
_TINY_TRAINING = Training(_phases(60_000, ((128, 0.6, False), (256, 0.4, True))), batch_tokens=1024, learning_rate=4e-3, warmup_steps=5)

SIZES = {
    'cpu': Size('cpu', 'cpu', shards=20, conversations=10_000, vocab=1536, mini=_CPU_MINI,
                draft=Shape(dim=96, layers=2, heads=3, kv_heads=1, ffn=192, vocab=1536),
                training=_CPU_TRAINING, distilling=replace(_CPU_TRAINING, phases=_phases(4_000_000, _SHARES), learning_rate=4e-3)),
    'gpu': Size('gpu', 'gpu', shards=120, conversations=10_000, vocab=2048, mini=_GPU_MINI,
                draft=Shape(dim=160, layers=2, heads=5, kv_heads=1, ffn=384, vocab=2048),
                training=_GPU_TRAINING, distilling=replace(_GPU_TRAINING, phases=_phases(150_000_000, _SHARES), learning_rate=4e-3)),
    # A shape of linnet-mini's size with few tokens: shows within minutes that a skill or two can be learned (--skills).
    'slice': Size('slice', 'cpu', shards=1, conversations=8000, vocab=1024, mini=replace(_CPU_MINI, vocab=1024),
                  draft=Shape(dim=96, layers=2, heads=3, kv_heads=1, ffn=192, vocab=1024),
                  training=replace(_CPU_TRAINING, phases=_phases(500_000, ((128, 0.8, False), (128, 0.2, True))), batch_tokens=2048, warmup_steps=20),
                  distilling=replace(_CPU_TRAINING, phases=_phases(200_000, ((128, 0.8, False), (128, 0.2, True))), batch_tokens=2048, warmup_steps=20),
                  cases=40),
    # Runs in a minute and learns next to nothing: for the tests of the whole chain.
    'tiny': Size('tiny', 'cpu', shards=1, conversations=1200, vocab=640,
                 mini=Shape(dim=64, layers=2, heads=2, kv_heads=1, ffn=128, vocab=640),
                 draft=Shape(dim=32, layers=1, heads=1, kv_heads=1, ffn=64, vocab=640),
                 training=_TINY_TRAINING, distilling=_TINY_TRAINING, cases=8),
}

# Shares of conversations.
MIXTURE = {'facts': 0.17, 'self': 0.07, 'recall': 0.13, 'lists': 0.13, 'arithmetic': 0.11, 'json': 0.11, 'tools': 0.09,
           'story': 0.05, 'outline': 0.05, 'reference': 0.04, 'refusal': 0.08}

# Required at each size: share of right answers; `valid` and `false refusals` are counted beside.
GOALS = {
    'cpu': {'self': 0.85, 'facts': 0.70, 'recall': 0.90, 'lists': 0.90, 'arithmetic': 0.85, 'json': 0.80, 'json valid': 0.95,
            'tools': 0.85, 'story': 0.80, 'outline': 0.90, 'reference': 0.80, 'refusal': 0.80, 'false refusals': 0.05},
    'gpu': {'self': 0.95, 'facts': 0.85, 'recall': 0.95, 'lists': 0.97, 'arithmetic': 0.95, 'json': 0.92, 'json valid': 0.99,
            'tools': 0.95, 'story': 0.95, 'outline': 0.98, 'reference': 0.95, 'refusal': 0.90, 'false refusals': 0.05},
}


def work_folder(name):
    """Where everything of a run lies; git ignores it."""
    folder = REPOSITORY / '.cache' / 'built-in-model' / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
