"""Matrix products in bf16 on a CPU that has instructions for it (AVX512_BF16): everything between them stays f32, as do
weights and gradients. Knows no model.
"""
import torch
import torch.nn.functional as F


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(context, x, weight):
        rows, half = x.reshape(-1, x.shape[-1]).bfloat16(), weight.bfloat16()
        context.save_for_backward(rows, half)
        context.shape = x.shape
        return F.linear(rows, half).float().view(*x.shape[:-1], -1)

    @staticmethod
    def backward(context, gradient):
        rows, half = context.saved_tensors
        gradient = gradient.reshape(-1, gradient.shape[-1]).bfloat16()
        return (gradient @ half).float().view(context.shape), (gradient.T @ rows).float()


def linear(x, weight):
    """F.linear of f32 x [..., columns] and weight [rows, columns], both rounded to bf16."""
    return _Linear.apply(x, weight)
