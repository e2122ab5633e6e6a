"""A start for attention: in the first layer a head that looks at the token before, in the second one heads that look for the
token after an earlier occurrence of the present one and repeat it. Such "induction heads" (Olsson et al. 2022,
arXiv 2209.11895) come about by themselves after many millions of tokens; started like this, a model that is shown few of
them learns to copy, to recall and to fill in. All of it is weights like others and free to change. Knows no texts.
"""
import math

import torch

CONSTANT_DIMS = 4  # of the embedding: the same for every token, so that a query can ask for a distance alone
EMBEDDING_SCALE, CONSTANT = 0.1, 0.3
_SHARPNESS = 12.0  # of a distance, and of a match: logits
_REACH = 256  # tokens over which a match must not turn by much
_WRITE, _REPEAT = 0.3, 1.0  # how strongly heads write


def prepare(model, generator):
    """Changes the embedding and heads of the first two layers; every other way into the residual stream starts at zero."""
    s = model.shape
    with torch.no_grad():
        for layer in model.layers:
            layer.o.zero_()
            layer.down.zero_()
        model.embedding.mul_(EMBEDDING_SCALE / model.embedding.std())
        model.embedding[:, :CONSTANT_DIMS] = CONSTANT
        if s.layers < 2:
            return
        directions = _orthonormal(3 * s.head_dim + s.head_dim, s.dim, generator)
        identity, memory, first, second = directions.split(s.head_dim)
        _look_back(model, identity, memory)
        _repeat_after(model, identity, memory, (first, second))


def _look_back(model, identity, memory):
    """First layer, head 0: attends to the token before and writes its `identity` into the `memory` directions."""
    s, layer = model.shape, model.layers[0]
    rms = math.sqrt(((s.dim - CONSTANT_DIMS) * EMBEDDING_SCALE ** 2 + CONSTANT_DIMS * CONSTANT ** 2) / s.dim)
    amplitude = math.sqrt(_SHARPNESS * math.sqrt(s.head_dim)) / (CONSTANT_DIMS * CONSTANT / rms)
    frequencies = _frequencies(s)
    query, key = torch.zeros(s.head_dim), torch.zeros(s.head_dim)
    for pair in range(5):  # the fast ones, which tell neighbours apart
        query[2 * pair], query[2 * pair + 1] = math.cos(frequencies[pair]), -math.sin(frequencies[pair])
        key[2 * pair] = 1.0
    q, k, v = _heads(layer, s)
    q[0].zero_()
    k[0].zero_()
    q[0][:, :CONSTANT_DIMS] = amplitude * query[:, None]
    k[0][:, :CONSTANT_DIMS] = amplitude * key[:, None]
    v[0].copy_(identity)
    layer.o[:, :s.head_dim] = _WRITE * memory.T


def _repeat_after(model, identity, memory, values):
    """Second layer: queries of what the token is meet keys of what the token before was; the value is what the token is."""
    s, layer = model.shape, model.layers[1]
    # Pairs that turn too fast cannot tell that two tokens are the same at any distance.
    slow = (torch.tensor(_frequencies(s)) * _REACH < 1.6).repeat_interleave(2)
    rows = slow.nonzero().flatten()
    gain = math.sqrt(_SHARPNESS * math.sqrt(s.head_dim) / len(rows))
    q, k, v = _heads(layer, s)
    for head in range(s.kv_heads):
        asking = head * (s.heads // s.kv_heads)
        q[asking].zero_()
        k[head].zero_()
        q[asking][rows] = gain * identity[:len(rows)]
        k[head][rows] = gain * memory[:len(rows)] / _STRENGTH
        v[head].copy_(values[head % len(values)])
        at = asking * s.head_dim
        layer.o[:, at:at + s.head_dim] = _REPEAT * values[head % len(values)].T


# What the memory directions hold, relative to the identity they were copied from, after the norm of the second layer.
_STRENGTH = 1.5


def _heads(layer, s):
    """Views [head][head_dim, dim] of queries, keys and values."""
    kv = s.kv_heads * s.head_dim
    q, k, v = layer.qkv.split((s.dim, kv, kv))
    return q.view(s.heads, s.head_dim, s.dim), k.view(s.kv_heads, s.head_dim, s.dim), v.view(s.kv_heads, s.head_dim, s.dim)


def _frequencies(s):
    return [s.theta ** (-2 * pair / s.head_dim) for pair in range(s.head_dim // 2)]


def _orthonormal(rows, columns, generator):
    """[rows, columns]: orthonormal as far as there are columns, none in the constant dimensions."""
    width = columns - CONSTANT_DIMS
    blocks = []
    while sum(b.shape[0] for b in blocks) < rows:
        blocks.append(torch.linalg.qr(torch.randn(width, width, generator=generator))[0])
    found = torch.cat(blocks)[:rows]
    return torch.cat([torch.zeros(rows, CONSTANT_DIMS), found], dim=1)
