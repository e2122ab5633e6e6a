"""A byte-level BPE tokenizer: its trainer, encoder and decoder. It splits as `tokenizer.ggml.pre = smollm` does: every
digit alone, then the rule of GPT-2. Must agree with src/worker/text to the last id; built-in-model.test.ts checks that.
Knows no corpus and no model.
"""
import heapq
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict

from .conversation import END_OF_TEXT, SPECIAL_TOKENS, TURN_END, TURN_START

PRE = 'smollm'
BOS, EOS, PAD = TURN_START, TURN_END, END_OF_TEXT


def _class_of(kind):
    """The characters whose general category starts with `kind`, as ranges for a regular expression."""
    ranges, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == kind
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f'\\U{start:08x}-\\U{code - 1:08x}')
            start = None
    return ''.join(ranges)


_SPACE = ''.join(f'\\u{c:04x}' for c in (*range(9, 14), 32, 0x85, 0xa0, 0x1680, *range(0x2000, 0x200b), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000))
_L, _N = _class_of('L'), _class_of('N')
_DIGITS = re.compile(f'([{_N}])')
_GPT2 = re.compile(f"'s|'t|'re|'ve|'m|'ll|'d| ?[{_L}]+| ?[{_N}]+| ?[^{_SPACE}{_L}{_N}]+|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+")
_SPECIAL = re.compile('(' + '|'.join(re.escape(t) for t in SPECIAL_TOKENS) + ')')


def _alphabet():
    printable = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


BYTE_TO_CHAR = _alphabet()
CHAR_TO_BYTE = {c: b for b, c in BYTE_TO_CHAR.items()}


def split_words(text):
    return [word for piece in _DIGITS.split(text) if piece for word in ([piece] if _DIGITS.fullmatch(piece) else _GPT2.findall(piece))]


def to_characters(word):
    return ''.join(BYTE_TO_CHAR[b] for b in word.encode('utf-8', errors='replace'))


class Tokenizer:
    def __init__(self, tokens, merges):
        self.tokens, self.merges = list(tokens), [tuple(m) for m in merges]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self._ranks = {merge: rank for rank, merge in enumerate(self.merges)}
        self._cache = {}

    @property
    def special_ids(self):
        return {self.ids[t] for t in SPECIAL_TOKENS}

    def encode(self, text, parse_special=True):
        if not parse_special:
            return self._plain(text)
        ids = []
        for piece in _SPECIAL.split(text):
            if piece in SPECIAL_TOKENS:
                ids.append(self.ids[piece])
            elif piece:
                ids += self._plain(piece)
        return ids

    def _plain(self, text):
        return [i for word in split_words(text) for i in self._word(word)]

    def _word(self, word):
        found = self._cache.get(word)
        if found is None:
            found = self._cache[word] = [self.ids[s] for s in self._merge(list(to_characters(word)))]
        return found

    def _merge(self, symbols):
        while len(symbols) > 1:
            best = min(zip(symbols, symbols[1:]), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            merged, i = [], 0
            while i < len(symbols):
                if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == best:
                    merged.append(symbols[i] + symbols[i + 1])
                    i += 2
                else:
                    merged.append(symbols[i])
                    i += 1
            symbols = merged
        return symbols

    def decode(self, ids, special=False):
        parts = bytearray()
        for i in ids:
            token = self.tokens[i]
            if token in SPECIAL_TOKENS:
                parts += token.encode() if special else b''
            else:
                parts += bytes(CHAR_TO_BYTE[c] for c in token)
        return parts.decode('utf-8', errors='replace')

    def save(self, path):
        path.write_text(json.dumps({'tokens': self.tokens, 'merges': [' '.join(m) for m in self.merges]}, ensure_ascii=False, indent=0) + '\n', encoding='utf-8')

    @staticmethod
    def load(path):
        value = json.loads(path.read_text(encoding='utf-8'))
        return Tokenizer(value['tokens'], [m.split(' ') for m in value['merges']])


def _mergeable(token):
    """No token has more than one capital: words in capitals are spelled, which makes changing case learnable."""
    return sum(c.isupper() and c.isascii() for c in token) <= 1


def train(word_counts, vocab_size):
    """BPE on {word: count}. Ties go to the pair that sorts first, so the result depends on the counts alone."""
    tokens = [*SPECIAL_TOKENS, *(BYTE_TO_CHAR[b] for b in range(256))]
    known = set(tokens)
    words = [(list(to_characters(word)), count) for word, count in sorted(word_counts.items())]
    pair_counts, places = Counter(), defaultdict(set)
    for index, (symbols, count) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            pair_counts[pair] += count
            places[pair].add(index)
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapq.heapify(heap)
    merges = []
    while len(tokens) < vocab_size and heap:
        negative, pair = heapq.heappop(heap)
        count = pair_counts.get(pair, 0)
        if count != -negative or count < 2 or not _mergeable(pair[0] + pair[1]):
            if 0 < count != -negative:
                heapq.heappush(heap, (-count, pair))
            continue
        merged = pair[0] + pair[1]
        merges.append(pair)
        if merged not in known:
            known.add(merged)
            tokens.append(merged)
        changed = set()
        for index in list(places[pair]):
            symbols, weight = words[index]
            for old in zip(symbols, symbols[1:]):
                pair_counts[old] -= weight
                changed.add(old)
            joined, i = [], 0
            while i < len(symbols):
                if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
                    joined.append(merged)
                    i += 2
                else:
                    joined.append(symbols[i])
                    i += 1
            words[index] = (joined, weight)
            for new in zip(joined, joined[1:]):
                pair_counts[new] += weight
                places[new].add(index)
                changed.add(new)
        for other in changed:
            if pair_counts[other] > 0:
                heapq.heappush(heap, (-pair_counts[other], other))
    return Tokenizer(tokens, merges)


def count_words(texts):
    counts = Counter()
    for text in texts:
        for piece in _SPECIAL.split(text):
            if piece and piece not in SPECIAL_TOKENS:
                counts.update(split_words(piece))
    return counts
