"""Greedy answers for many prompts at once, with a KV cache. Prompts of a batch are padded on the left, which changes
nothing: attention only sees distances, and padding is masked. Knows no grading.
"""
import torch


@torch.no_grad()
def answers(model, prompts, end_id, pad_id, max_tokens, device='cpu', batch=48):
    """prompts: token ids each; max_tokens: a number each -> answers as token ids, in order, without the end token."""
    model.to(device).eval()
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    found = [None] * len(prompts)
    for first in range(0, len(order), batch):
        members = order[first:first + batch]
        for i, ids in zip(members, _batch(model, [prompts[i] for i in members], end_id, pad_id, [max_tokens[i] for i in members], device)):
            found[i] = ids
    return found


def _batch(model, prompts, end_id, pad_id, limits, device):
    longest = max(map(len, prompts))
    room = min(max(limits), model.shape.context - longest)
    ids = torch.tensor([[pad_id] * (longest - len(p)) + p for p in prompts], device=device)
    padding = torch.tensor([longest - len(p) for p in prompts], device=device)
    rows, cache = len(prompts), []
    columns = torch.arange(longest + room, device=device)
    visible = columns[None, :] >= padding[:, None]  # [rows, columns]
    causal = columns[None, :longest] <= columns[:longest, None]
    # A padding row sees itself, so that no row of the softmax is empty.
    mask = (visible[:, None, :longest] & causal[None]) | torch.eye(longest, dtype=torch.bool, device=device)[None]
    hidden, embedding = model(ids, mask, cache)
    done, out = torch.zeros(rows, dtype=torch.bool, device=device), [[] for _ in prompts]
    for step in range(room):
        picked = (hidden[:, -1] @ embedding.T).argmax(-1)
        done = done | (picked == end_id)
        for row, token in enumerate(picked.tolist()):
            if not done[row] and len(out[row]) < limits[row]:
                out[row].append(token)
        if bool(done.all()) or step + 1 == room:
            break
        at = longest + step
        hidden, _ = model(picked[:, None], visible[:, None, :at + 1], cache, at)
    return out
