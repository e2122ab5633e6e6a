"""The training loop: Muon, a steady rate with a warm-up before, then a falling one, at last with rounded weights, distilling
from a teacher where one is given, checkpoints. One device; on CPUs several processes (together.py). Knows no skills.
"""
import contextlib
import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from . import together
from .conversation import END_OF_TEXT, SPECIAL_TOKENS
from .model import Model
from .muon import Muon
from .packing import batches
from .settings import SEED


def plan(training):
    """[(steps, phase, rows)] of all phases."""
    return [(max(1, phase.tokens // training.batch_tokens), phase, max(1, training.batch_tokens // phase.length)) for phase in training.phases]


PARTS = ('steady', 'cool', 'finish')


def starts_at(training, part):
    """The first step of a part, or of what comes behind it where it has none."""
    return sum(steps for steps, phase, _ in plan(training) if PARTS.index(phase.part) < PARTS.index(part))


def learning_rate(training, step, since_start):
    """Steady, and in the two parts behind it down straight lines. `since_start` counts from the last start without optimiser state:
    it warms up again."""
    warm = min(1.0, (since_start + 1) / training.warmup_steps)
    cool, finish, total = starts_at(training, 'cool'), starts_at(training, 'finish'), sum(steps for steps, _, _ in plan(training))
    if step < finish:
        first, last, done = 1, training.cool_rate, max(0, step - cool) / max(1, finish - cool)
    else:
        first, last, done = training.cool_rate if finish > cool else 1, training.final_rate, (step - finish) / max(1, total - finish)
    return training.learning_rate * warm * (first + (last - first) * done)


def optimiser_for(model, training):
    shape = model.shape
    kv = shape.kv_heads * shape.head_dim
    stacked = {'qkv': (shape.dim, kv, kv), 'gate_up': (shape.ffn, shape.ffn)}
    named = dict(model.layers.named_parameters())
    matrices = {p: stacked.get(name.split('.')[-1], (p.shape[0],)) for name, p in named.items() if p.dim() == 2}
    others = [p for p in model.parameters() if p not in matrices]
    return Muon(matrices, others, {model.embedding}, training.learning_rate, training.weight_decay, half=model.half)


def loss_of(model, batch, prompt_weight, teacher=None):
    """Mean cross-entropy over weighted tokens; with a teacher, mostly its KL divergence. Also the plain loss on answers."""
    ids, answer, document = batch
    inputs, targets = ids[:, :-1], ids[:, 1:]
    same = document[:, :-1, None] == document[:, None, :-1]
    mask = same & torch.ones(inputs.shape[1], inputs.shape[1], dtype=torch.bool, device=ids.device).tril()
    inside = (document[:, 1:] == document[:, :-1]) & (document[:, 1:] >= 0)
    weight = inside * (prompt_weight + (1 - prompt_weight) * (answer[:, 1:] > 0))
    hidden, embedding = model(inputs, mask)
    logits = model.linear(hidden.to(embedding.dtype), embedding).float()
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction='none').view(targets.shape)
    is_answer = inside & (answer[:, 1:] > 0)
    on_answers = (losses.detach() * is_answer).sum() / is_answer.sum().clamp(min=1)
    if teacher is not None:
        with torch.no_grad():
            t = teacher.logits(inputs, mask).float().log_softmax(-1)
        divergence = F.kl_div(logits.log_softmax(-1), t, log_target=True, reduction='none').sum(-1)
        losses = 0.1 * losses + 0.9 * divergence
    return (losses * weight).sum() / weight.sum().clamp(min=1e-6), on_answers



class Run:
    """One training run, from nothing or from its checkpoint, to the end or until its time is over."""

    def __init__(self, shape, training, encoded, tokenizer, path, device='cpu', teacher=None, seed=SEED, half=False, log=print):
        self.training, self.encoded, self.path, self.device, self.teacher, self.seed, self.log = training, encoded, path, device, teacher, seed, log
        self.pad, self.special = tokenizer.ids[END_OF_TEXT], len(SPECIAL_TOKENS)
        self.model = Model(shape).initialise(seed).to(device)
        self.model.half = half
        self.optimiser = optimiser_for(self.model, training)
        self.step, self.since_start, self.history = 0, 0, []
        self.seconds = 0.0
        if teacher is not None:
            teacher.to(device).eval()

    @property
    def total_steps(self):
        return sum(steps for steps, _, _ in plan(self.training))

    def resume(self):
        """Goes on from the full checkpoint where there is one."""
        if self.path.exists():
            state = torch.load(self.path, map_location=self.device)
            self.model.load_state_dict(state['model'])
            self.optimiser.load_state_dict(state['optimiser'])
            self.step, self.since_start, self.history, self.seconds = state['step'], state['since_start'], state['history'], state['seconds']
        return self

    def skip_to(self, part):
        """Ends the parts before it here, however far they have come."""
        self.step = max(self.step, starts_at(self.training, part))
        return self

    def start_from(self, weights, step):
        """Goes on from weights alone, e.g. the committed ones; the optimiser starts anew."""
        self.model.load_state_dict(weights)
        self.step = step
        return self

    def save(self, path=None):
        if together.number():
            return
        target = path or self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        state = {'model': self.model.state_dict(), 'optimiser': self.optimiser.state_dict(), 'step': self.step,
                 'since_start': self.since_start, 'history': self.history, 'seconds': self.seconds}
        part = target.with_suffix('.part')
        torch.save(state, part)
        part.replace(target)

    def train(self, seconds=math.inf, qat=True, until=None, workers=0, most_steps=math.inf):
        """Up to the end, or `seconds`, or the first step of the part `until`. True when it is there.

        qat=False leaves the weights unrounded in the finish, too: the F32 model to compare with."""
        began, last_saved, done, first = time.time(), time.time(), 0, self.step
        at = 0
        for number, (steps, phase, rows) in enumerate(plan(self.training)):
            if self.step >= at + steps:
                at += steps
                continue
            if until is not None and self.step >= starts_at(self.training, until):
                break
            self.model.quantised = phase.part == 'finish' and qat
            mine = [together.number()] if together.number() else []
            source = batches(self.encoded, phase, max(1, rows // together.count()), [self.seed, number, self.step, *mine], self.pad, self.special, workers)
            while self.step < at + steps:
                loss, on_answers, over = self._one(next(source), time.time() - began > seconds)
                self.step += 1
                self.since_start += 1
                done += rows * phase.length
                now = time.time()
                if self.step % 10 == 0 or self.step == 1:
                    self._report(float(on_answers), float(loss), phase, done / (now - began), first)
                if now - last_saved > self.training.checkpoint_seconds:
                    self.seconds, last_saved = self.seconds + now - last_saved, now
                    self.save()
                if over or self.step - first >= most_steps:
                    self.seconds += time.time() - last_saved
                    self.save()
                    return False
            at += steps
        self.seconds += time.time() - last_saved
        self.save()
        return True

    def _one(self, batch, over=False):
        """One step; (loss, loss on answers, whether any process says that time is over)"""
        batch = [part.to(self.device, non_blocking=True) for part in batch]
        rate = learning_rate(self.training, self.step, self.since_start)
        for group in self.optimiser.param_groups:
            group['lr'] = rate * (self.training.matrix_rate if group['orthogonal'] else 1)
        with torch.autocast('cuda', torch.bfloat16) if self.device == 'cuda' else contextlib.nullcontext():
            loss, on_answers = loss_of(self.model, batch, self.training.prompt_weight, self.teacher)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loss, on_answers, over = together.average([p.grad for p in self.model.parameters()], [loss, on_answers, torch.tensor(float(over))])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.clip)
        self.optimiser.step()
        return loss.detach(), on_answers, bool(over > 0)

    def _report(self, on_answers, loss, phase, rate, first):
        self.history.append([self.step, round(on_answers, 4)])
        tokens_left = sum(steps * rows * p.length for steps, p, rows in plan(self.training)) * (1 - self.step / self.total_steps)
        if not together.number() and (self.step % 50 == 0 or self.step - first <= 10):
            self.log(f'step {self.step}/{self.total_steps} rows of {phase.length}{" rounded" if self.model.quantised else ""}: '
                     f'loss {loss:.3f}, on answers {on_answers:.3f}; {rate:.0f} tokens/s, {tokens_left / rate / 60:.0f} min left')


# ------------------------------------------------------------------------------------- weights that are committed

def save_weights(path, model, step):
    """f16 weights, and the step they are of."""
    arrays = {name: value.cpu().numpy().astype(np.float16) for name, value in model.state_dict().items()}
    np.savez_compressed(path, step=np.int64(step), **arrays)


def load_weights(path):
    """(state dict, step)"""
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files if name != 'step'}, int(arrays['step'])
