"""Conversations as token ids, and packed into rows of equal length for training. Knows no model.

Encoded shards are .npz files: ids u16 of all conversations one after the other, `answer` (1 where the token belongs to an
answer), and `ends`. Within a row a token sees only its own conversation.
"""
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .conversation import segments


def encode(tokenizer, conversation):
    ids, answer = [], []
    for text, is_answer in segments(conversation.messages):
        piece = tokenizer.encode(text)
        ids += piece
        answer += [is_answer] * len(piece)
    return ids, answer


def encode_shard(tokenizer, conversations, path):
    ids, answer, ends = [], [], []
    for conversation in conversations:
        more, more_answer = encode(tokenizer, conversation)
        ids += more
        answer += more_answer
        ends.append(len(ids))
    np.savez(path, ids=np.array(ids, np.uint16), answer=np.array(answer, np.uint8), ends=np.array(ends, np.int64))
    return len(ids)


class Encoded:
    """All encoded shards together."""

    def __init__(self, paths):
        parts = [np.load(path) for path in paths]
        self.ids = np.concatenate([p['ids'] for p in parts])
        self.answer = np.concatenate([p['answer'] for p in parts])
        sizes = np.cumsum([0] + [len(p['ids']) for p in parts[:-1]])
        self.ends = np.concatenate([p['ends'] + offset for p, offset in zip(parts, sizes)])
        self.starts = np.concatenate([[0], self.ends[:-1]])

    def rows(self, phase, seed, pad, open_rows=64):
        """Rows of `phase.length` + 1 tokens: (ids, answer, document) int arrays, without end. Best fit among open rows."""
        length, lengths = phase.length, self.ends - self.starts
        epoch = 0
        while True:
            order = np.random.default_rng([*seed, length, epoch]).permutation(np.flatnonzero((lengths <= length + 1) & (lengths >= phase.least)))
            if len(order) == 0:
                raise ValueError(f'no conversation of {phase.least} to {length} tokens')
            waiting = []
            for index in order:
                need = lengths[index]
                fitting = [row for row in waiting if row[0] >= need]
                if fitting:
                    row = min(fitting, key=lambda r: r[0])
                else:
                    if len(waiting) == open_rows:
                        fullest = min(waiting, key=lambda r: r[0])
                        waiting.remove(fullest)
                        yield self._row(fullest[1], length, pad)
                    row = [length + 1, []]
                    waiting.append(row)
                row[0] -= need
                row[1].append(index)
                if row[0] < 8:
                    waiting.remove(row)
                    yield self._row(row[1], length, pad)
            epoch += 1

    def _row(self, members, length, pad):
        ids = np.full(length + 1, pad, np.int64)
        answer = np.zeros(length + 1, np.uint8)
        document = np.full(length + 1, -1, np.int64)
        at = 0
        for number, index in enumerate(members):
            start, end = self.starts[index], self.ends[index]
            ids[at:at + end - start] = self.ids[start:end]
            answer[at:at + end - start] = self.answer[start:end]
            document[at:at + end - start] = number
            at += end - start
        return ids, answer, document

    def batches(self, phase, rows, seed, pad, special):
        """(ids, answer, document), each [rows, phase.length + 1], without end; ids below `special` are no text"""
        source, random = self.rows(phase, seed, pad), np.random.default_rng([*seed, phase.length])
        while True:
            picked = [_primer(random, phase.length, special, int(self.ids.max()) + 1) if random.random() < phase.primer else next(source)
                      for _ in range(rows)]
            yield tuple(torch.from_numpy(np.stack(part)) for part in zip(*picked))


def _primer(random, length, special, vocab):
    """A row of random tokens, which mean nothing, so that only what stands in the row can help."""
    make = random.choice((_said_again, _listed, _associated), p=(0.1, 0.45, 0.45))
    ids, answer = make(lambda n: random.integers(special, vocab, n).tolist(), random, length + 1)
    return np.array(ids, np.int64), np.array(answer, np.uint8), np.zeros(length + 1, np.int64)


def _said_again(draw, random, length):
    """The same over and over; what is said first cannot be known and does not count."""
    count = int(random.integers(6, 48))
    return np.resize(draw(count), length), [int(i >= count) for i in range(length)]


def _listed(draw, random, length):
    """Lists, and each once more, in the same or the opposite order. All items are followed by one and the same token, so that
    the token before does not tell what comes next. With the first item of an answer, which does not count, its order is known."""
    ids, answer = [], []
    (separator, tell, stop), most = draw(3), int(random.integers(1, 4))
    while len(ids) < length:
        items = [draw(int(random.integers(1, most + 1))) for _ in range(int(random.integers(2, 9)))]
        for item in items:
            ids += [*item, separator]
        ids.append(tell)
        answer += [0] * (len(ids) - len(answer))
        for number, item in enumerate(items if random.random() < 0.5 else items[::-1]):
            ids += [*item, separator]
            answer += [int(number > 0)] * len(item) + [1]
        answer.append(int(stop in ids))
        ids.append(stop)
    return ids[:length], answer[:length]


# Tokens of a key, of a value and between them at most, and how often rows of associations are of that kind: each is learned
# from the one before.
_KINDS = ((1, 1, 1, 0.35), (1, 1, 2, 0.3), (2, 2, 3, 0.2), (3, 3, 3, 0.15))


def _associated(draw, random, length):
    """Statements that bind a key and a value, either of them first, and a question for each key: its value counts. No key is
    asked for twice, as the earlier answer could be repeated then. Several short groups in a row, all in the same words."""
    most_key, most_value, most_between, _ = _KINDS[random.choice(len(_KINDS), p=[kind[3] for kind in _KINDS])]
    key_first, value_first, (stop, ask, tell) = *(draw(int(random.integers(1, most_between + 1))) for _ in range(2)), draw(3)
    key_tokens, value_tokens = int(random.integers(1, most_key + 1)), int(random.integers(1, most_value + 1))
    value_comes_first = random.choice((0, 1, 0.5))  # this often
    ids, answer = [], []
    while len(ids) < length:
        pairs = [(draw(key_tokens), draw(value_tokens)) for _ in range(int(random.integers(2, 7)))]
        for key, value in pairs:
            ids += [*value, *value_first, *key, stop] if random.random() < value_comes_first else [*key, *key_first, *value, stop]
        answer += [0] * (len(ids) - len(answer))
        for index in random.permutation(len(pairs)):
            key, value = pairs[index]
            ids += [ask, *key, tell, *value, stop]
            answer += [0] * (len(key) + 2) + [1] * len(value) + [0]
    return ids[:length], answer[:length]


class _Worker(IterableDataset):
    def __init__(self, encoded, phase, rows, seed, pad, special):
        self.arguments = (encoded, phase, rows, seed, pad, special)

    def __iter__(self):
        encoded, phase, rows, seed, pad, special = self.arguments
        info = get_worker_info()
        return encoded.batches(phase, rows, [*seed, info.id if info else 0], pad, special)


def batches(encoded, phase, rows, seed, pad, special, workers):
    """Batches from `workers` processes in turn; 0 packs in this process."""
    return iter(DataLoader(_Worker(encoded, phase, rows, seed, pad, special), batch_size=None, num_workers=workers))
