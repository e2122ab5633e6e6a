"""Golden outputs in the reference format (format 1): `exact` in f64 with the weights of the file, the top level in f32,
both by the training code. `npm run parity -- DIR` compares the runtime with them. Knows no quantisation.
"""
import hashlib
import json
import math

import torch

NUM_TOP, NUM_FIXED, NUM_GREEDY = 32, 32, 48


def _positions(length):
    return sorted({0, 1, length // 4, length // 2, 3 * length // 4, length - 2, length - 1} & set(range(length)))


def _fixed_ids(vocab):
    return torch.randperm(vocab, generator=torch.Generator().manual_seed(7))[:NUM_FIXED].tolist()


def _round(value):
    return round(float(value), 7)


def _at(logits, fixed, with_sum):
    norm = torch.logsumexp(logits, -1)
    logprobs = logits - norm
    top = torch.topk(logprobs, min(NUM_TOP, len(logprobs)))
    found = {'top': [[int(i), _round(v)] for i, v in zip(top.indices, top.values)], 'fixed': [_round(logprobs[i]) for i in fixed],
             'entropy': _round(-(logprobs.exp() * logprobs).sum())}
    return {**found, 'logSumExp': _round(norm)} if with_sum else found


@torch.no_grad()
def _logits(model, ids):
    return model.logits(torch.tensor([ids]))[0]


def _greedy(model, ids, path=None):
    """Its own continuation, or what it says along `path`; the end token does not end it."""
    ids, picked, logprobs, margins = list(ids), [], [], []
    for step in range(NUM_GREEDY):
        logits = _logits(model, ids)[-1]
        best = torch.topk(logits.log_softmax(-1), 2)
        picked.append(int(best.indices[0]))
        logprobs.append(_round(best.values[0]))
        margins.append(_round(best.values[0] - best.values[1]))
        ids.append(path[step] if path else picked[-1])
    return picked, logprobs, margins


def _prompt(name, text, ids, single, double, fixed, tokenizer):
    where = _positions(len(ids))
    logits, exact_logits = _logits(single, ids), _logits(double, ids)
    picked, logprobs, margins = _greedy(single, ids)
    along, _, along_margins = _greedy(double, ids, picked)
    own, own_logprobs, own_margins = _greedy(double, ids)
    difference = (logits.double().log_softmax(-1) - exact_logits.log_softmax(-1))[where].abs()
    return {
        'name': name, 'text': text, 'ids': ids,
        'positions': [{'pos': p, **_at(logits[p], fixed, True)} for p in where],
        'greedy': {'ids': picked, 'logprob': logprobs, 'margin': margins, 'text': tokenizer.decode(picked, special=True)},
        'exact': {
            'positions': [{'pos': p, **_at(exact_logits[p], fixed, False)} for p in where],
            'greedy': {'argmax': along, 'margin': along_margins},
            'ownGreedy': {'ids': own, 'logprob': own_logprobs, 'margin': own_margins},
            'maxDiffTop': float(difference.max()), 'maxDiffFixed': float(difference[:, fixed].max()),
        },
    }


def write_golden(path, gguf_path, model, tokenizer, prompts):
    """`model` has the weights of the file (export.as_in_file); prompts: [(name, text)] laid out as chats."""
    import copy
    double = copy.deepcopy(model).double()
    fixed = _fixed_ids(model.shape.vocab)
    entries = [_prompt(name, text, tokenizer.encode(text), model, double, fixed, tokenizer) for name, text in prompts]
    golden = {
        'format': 1, 'model': gguf_path.name, 'sha256': hashlib.sha256(gguf_path.read_bytes()).hexdigest(), 'architecture': 'llama',
        'vocabSize': model.shape.vocab,
        'engine': {'name': 'the training code', 'via': f'PyTorch {torch.__version__}, f32', 'contextSize': model.shape.context,
                   'textParsesSpecial': True},
        'logUniform': round(math.log(model.shape.vocab), 5), 'fixedIds': fixed, 'prompts': entries,
        'exact': {'by': 'the training code (float64, exact dequantisation)',
                  'maxDiffTop': max(e['exact']['maxDiffTop'] for e in entries),
                  'maxDiffFixed': max(e['exact']['maxDiffFixed'] for e in entries)},
    }
    path.write_text(json.dumps(golden) + '\n', encoding='utf-8')
    return golden['exact']['maxDiffTop']
