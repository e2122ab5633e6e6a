"""Muon: momentum whose matrices are made orthogonal, so that all directions of a matrix learn at one rate; AdamW for
embeddings and norms. Learns from fewer tokens than AdamW alone, which is what counts where tokens are slow.

Source: Jordan et al. 2024 (kellerjordan.github.io/posts/muon); the scale of an update, by which both rules share a learning
rate, is that of Liu et al. 2025 (arXiv 2502.16982).
"""
import torch

# Quintic Newton-Schulz iteration: moves all singular values towards one (to about 0.7 .. 1.2) in five rounds.
_A, _B, _C, _ROUNDS = 3.4445, -4.7750, 2.0315, 5


def orthogonal(x):
    """x [n, rows, columns], rows <= columns: the nearest matrices with singular values near one."""
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return x


class Muon(torch.optim.Optimizer):
    """`matrices`: {parameter: heights of the matrices that stand in it below each other}; `others`: parameters under AdamW."""

    def __init__(self, matrices, others, decayed, lr, weight_decay, momentum=0.95, betas=(0.9, 0.95), eps=1e-8, half=False):
        defaults = {'lr': lr, 'momentum': momentum, 'betas': betas, 'eps': eps, 'weight_decay': weight_decay, 'orthogonal': False}
        groups = [{'params': list(matrices), 'orthogonal': True},
                  {'params': [p for p in others if p in decayed]},
                  {'params': [p for p in others if p not in decayed], 'weight_decay': 0.0}]
        super().__init__(groups, defaults)
        self.half = half  # the iteration in bf16
        self.heights = [tuple(heights) for heights in matrices.values()]

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            if group['orthogonal']:
                self._turn(group)
            else:
                for p in group['params']:
                    self._adamw(p, group)

    def _turn(self, group):
        # Matrices of one shape are turned together.
        shapes = {}
        for p, heights in zip(group['params'], self.heights):
            state = self.state[p]
            if not state:
                state['momentum'] = torch.zeros_like(p)
            state['momentum'].mul_(group['momentum']).add_(p.grad)
            update = p.grad.add(state['momentum'], alpha=group['momentum'])
            p.mul_(1 - group['lr'] * group['weight_decay'])
            for part, target in zip(update.split(heights), p.split(heights)):
                wide = part.shape[0] <= part.shape[1]
                shapes.setdefault((min(part.shape), max(part.shape)), []).append((part if wide else part.T, target if wide else target.T))
        for (_, longest), pairs in shapes.items():
            stacked = torch.stack([part for part, _ in pairs])
            turned = orthogonal(stacked.bfloat16() if self.half else stacked).float()
            for (_, target), change in zip(pairs, turned):
                target.add_(change, alpha=-group['lr'] * 0.2 * longest ** 0.5)

    def _adamw(self, p, group):
        state = self.state[p]
        if not state:
            state['step'], state['mean'], state['square'] = 0, torch.zeros_like(p), torch.zeros_like(p)
        state['step'] += 1
        first, second = group['betas']
        state['mean'].lerp_(p.grad, 1 - first)
        state['square'].mul_(second).addcmul_(p.grad, p.grad, value=1 - second)
        p.mul_(1 - group['lr'] * group['weight_decay'])
        divisor = (state['square'] / (1 - second ** state['step'])).sqrt_().add_(group['eps'])
        p.addcdiv_(state['mean'], divisor, value=-group['lr'] / (1 - first ** state['step']))
