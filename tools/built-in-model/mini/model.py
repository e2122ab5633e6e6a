"""The llama architecture as GGUF files mean it: RMSNorm, rotary embedding of neighbouring pairs, grouped-query attention,
SwiGLU, tied head. Runs in f32, f64 (for goldens), with products in bf16 (half.py) and under bf16 autocast. Knows no tokens' meaning and no files.
"""
import torch
import torch.nn.functional as F
from torch import nn

from . import half, induction
from .quantise import fake

MATRIX_KIND, EMBEDDING_KIND = 'Q4_0', 'Q8_0'


class RmsNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x):
        wide = x if x.dtype == torch.float64 else x.float()
        return wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        kv = shape.kv_heads * shape.head_dim
        self.attn_norm, self.ffn_norm = RmsNorm(shape.dim, shape.eps), RmsNorm(shape.dim, shape.eps)
        self.qkv = nn.Parameter(torch.empty(shape.dim + 2 * kv, shape.dim))  # q | k | v
        self.o = nn.Parameter(torch.empty(shape.dim, shape.dim))
        self.gate_up = nn.Parameter(torch.empty(2 * shape.ffn, shape.dim))  # gate | up
        self.down = nn.Parameter(torch.empty(shape.dim, shape.ffn))


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape, self.quantised, self.half = shape, False, False
        self.embedding = nn.Parameter(torch.empty(shape.vocab, shape.dim))
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = RmsNorm(shape.dim, shape.eps)
        angles = torch.arange(shape.context, dtype=torch.float64)[:, None] * shape.theta ** (
            -torch.arange(0, shape.head_dim, 2, dtype=torch.float64) / shape.head_dim)
        self.register_buffer('angles', angles, persistent=False)  # [context, head_dim / 2] f64
        self._turns = None

    def initialise(self, seed):
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in self.parameters():
                if weight.dim() == 2:
                    weight.copy_(torch.randn(weight.shape, generator=generator) * weight.shape[1] ** -0.5)
        induction.prepare(self, generator)
        return self

    def linear(self, x, weight):
        """x [..., columns] by weight [rows, columns], as precisely as this model computes."""
        return half.linear(x, weight) if self.half else F.linear(x, weight)

    def _weight(self, weight, kind=MATRIX_KIND):
        return fake(kind, weight) if self.quantised else weight

    def _rotations(self, device, dtype):
        if self._turns is None or self._turns[0].device != device or self._turns[0].dtype != dtype:
            self._turns = (self.angles.cos().to(device, dtype), self.angles.sin().to(device, dtype))
        return self._turns

    def forward(self, ids, mask=None, cache=None, start=0):
        """ids [batch, tokens] -> hidden states after the last norm [batch, tokens, dim].

        mask [batch, tokens, tokens so far], True where a token may look; None: causal.
        cache: a list to which each layer's keys and values are added, for generation."""
        embedding = self._weight(self.embedding, EMBEDDING_KIND)
        x = F.embedding(ids, embedding)
        dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
        cos, sin = (t[start:start + ids.shape[1]] for t in self._rotations(x.device, dtype))
        if mask is None:
            mask = _causal(ids.shape[1], start + ids.shape[1], ids.device)
        bias = torch.zeros(mask.shape, dtype=dtype, device=ids.device).masked_fill_(~mask, float('-inf'))
        for i, layer in enumerate(self.layers):
            x = x + self._attention(layer, layer.attn_norm(x), cos, sin, bias, cache, i)
            gate, up = self.linear(layer.ffn_norm(x), self._weight(layer.gate_up)).chunk(2, dim=-1)
            x = x + self.linear(F.silu(gate) * up, self._weight(layer.down))
        return self.norm(x), embedding

    def logits(self, ids, mask=None, cache=None, start=0):
        hidden, embedding = self(ids, mask, cache, start)
        return F.linear(hidden, embedding)

    def _attention(self, layer, x, cos, sin, bias, cache, index):
        s = self.shape
        batch, tokens, _ = x.shape
        kv = s.kv_heads * s.head_dim
        q, k, v = self.linear(x, self._weight(layer.qkv)).split((s.dim, kv, kv), dim=-1)
        q = _rotate(q.view(batch, tokens, s.heads, s.head_dim), cos, sin).transpose(1, 2)
        k = _rotate(k.view(batch, tokens, s.kv_heads, s.head_dim), cos, sin).transpose(1, 2)
        v = v.reshape(batch, tokens, s.kv_heads, s.head_dim).transpose(1, 2)
        if cache is not None:
            if index < len(cache):
                k, v = torch.cat([cache[index][0], k], dim=2), torch.cat([cache[index][1], v], dim=2)
                cache[index] = (k, v)
            else:
                cache.append((k, v))
        group = s.heads // s.kv_heads
        if x.is_cuda:
            k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
            out = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, attn_mask=bias.to(v.dtype)[:, None])
        else:
            # The heads of a group stand below each other, so that keys and values are not repeated.
            grouped = (q * s.head_dim ** -0.5).reshape(batch, s.kv_heads, group * tokens, s.head_dim)
            scores = grouped @ k.transpose(2, 3)
            scores.view(batch, s.kv_heads, group, tokens, -1).add_(bias[:, None, None])
            out = (scores.softmax(dim=-1) @ v).reshape(batch, s.heads, tokens, s.head_dim)
        return self.linear(out.transpose(1, 2).reshape(batch, tokens, s.dim), self._weight(layer.o))


def _causal(tokens, total, device):
    row = torch.arange(total - tokens, total, device=device)[:, None]
    return (torch.arange(total, device=device)[None, :] <= row)[None]


def _rotate(x, cos, sin):
    """Turns the pairs (2i, 2i + 1); x [batch, tokens, heads, head_dim], cos and sin [tokens, head_dim / 2]"""
    cos, sin = cos[None, :, None, :], sin[None, :, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)
