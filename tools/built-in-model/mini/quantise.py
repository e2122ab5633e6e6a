"""Q4_0 and Q8_0 with the rounding of ggml's reference routines: to bytes for the file (numpy), and as fake quantisation
for training (torch). Both give the same values to the last bit; test_quantise.py checks that. Rows are multiples of 32.
"""
import numpy as np
import torch

BLOCK = 32


def _q4_0(x):
    """x [blocks, 32] f32 -> scales [blocks] f16, levels [blocks, 32] in 0..15"""
    at = np.abs(x).argmax(axis=1)  # the first of equals, as in the reference
    d = (np.take_along_axis(x, at[:, None], axis=1)[:, 0] / np.float32(-8)).astype(np.float32)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d != 0)
    levels = np.minimum(15, np.trunc(x * inverse[:, None] + np.float32(8.5)))
    return d.astype(np.float16), levels


def _q8_0(x):
    d = (np.abs(x).max(axis=1) / np.float32(127)).astype(np.float32)
    inverse = np.divide(np.float32(1), d, out=np.zeros_like(d), where=d != 0)
    scaled = x * inverse[:, None]
    return d.astype(np.float16), np.trunc(scaled + np.copysign(np.float32(0.5), scaled))


def to_bytes(kind, values):
    """values: any shape whose last dimension is the row -> the bytes of the tensor."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    if kind == 'F32':
        return values.tobytes()
    if kind == 'F16':
        return values.astype(np.float16).tobytes()
    blocks = values.reshape(-1, BLOCK)
    if kind == 'Q4_0':
        d, levels = _q4_0(blocks)
        q = levels.astype(np.uint8)
        packed = q[:, :16] | (q[:, 16:] << 4)
        return np.concatenate([d.view(np.uint8).reshape(-1, 2), packed], axis=1).tobytes()
    if kind == 'Q8_0':
        d, levels = _q8_0(blocks)
        return np.concatenate([d.view(np.uint8).reshape(-1, 2), levels.astype(np.int8).view(np.uint8)], axis=1).tobytes()
    raise ValueError(kind)


def rounded(kind, values):
    """What the file's bytes stand for, as f32 in the shape of `values`."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    if kind == 'F32':
        return values
    if kind == 'F16':
        return values.astype(np.float16).astype(np.float32)
    blocks = values.reshape(-1, BLOCK)
    d, levels = (_q4_0 if kind == 'Q4_0' else _q8_0)(blocks)
    if kind == 'Q4_0':
        levels = levels - np.float32(8)
    return (levels.astype(np.float32) * d.astype(np.float32)[:, None]).reshape(values.shape)


def fake(kind, weight):
    """Rounded weights in the forward pass, the gradient as if nothing was rounded (straight-through)."""
    with torch.no_grad():
        x = weight.detach().float().reshape(-1, BLOCK)
        if kind == 'Q4_0':
            at = x.abs().argmax(dim=1, keepdim=True)
            d = x.gather(1, at) / -8
            levels = torch.clamp(torch.trunc(x * torch.where(d == 0, d, 1 / d) + 8.5), max=15) - 8
        else:
            d = x.abs().amax(dim=1, keepdim=True) / 127
            scaled = x * torch.where(d == 0, d, 1 / d)
            levels = torch.trunc(scaled + torch.copysign(torch.full_like(scaled, 0.5), scaled))
        change = (levels * d.half().float()).reshape(weight.shape) - weight
    return weight + change
