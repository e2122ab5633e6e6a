"""A trained model as a GGUF file of the llama architecture, and as the model that the file's weights stand for.
Knows the names and the layout of the tensors; the bytes are quantise.py's and gguf.py's business.
"""
import torch

from . import gguf, quantise
from .conversation import CHAT_TEMPLATE, SPECIAL_TOKENS
from .model import EMBEDDING_KIND, MATRIX_KIND, Model
from .tokenizer import BOS, EOS, PAD, PRE

FILE_TYPES = {'F32': 0, 'Q4_0': 2}
MOST_BYTES = 5_000_000
LICENCE = 'MIT'


def tensors_of(model, kind):
    """[(name, type, values)]; `kind` is F32 or Q4_0 (matrices Q4_0, embedding Q8_0, norms F32)."""
    s = model.shape
    matrix, embedding = ('F32', 'F32') if kind == 'F32' else (MATRIX_KIND, EMBEDDING_KIND)
    kv = s.kv_heads * s.head_dim
    state = {name: value.detach().cpu().float().numpy() for name, value in model.state_dict().items()}
    found = [('token_embd.weight', embedding, state['embedding'])]
    for i in range(s.layers):
        old, new = f'layers.{i}.', f'blk.{i}.'
        qkv, gate_up = state[old + 'qkv'], state[old + 'gate_up']
        found += [(new + 'attn_norm.weight', 'F32', state[old + 'attn_norm.weight']),
                  (new + 'attn_q.weight', matrix, qkv[:s.dim]), (new + 'attn_k.weight', matrix, qkv[s.dim:s.dim + kv]),
                  (new + 'attn_v.weight', matrix, qkv[s.dim + kv:]), (new + 'attn_output.weight', matrix, state[old + 'o']),
                  (new + 'ffn_norm.weight', 'F32', state[old + 'ffn_norm.weight']),
                  (new + 'ffn_gate.weight', matrix, gate_up[:s.ffn]), (new + 'ffn_up.weight', matrix, gate_up[s.ffn:]),
                  (new + 'ffn_down.weight', matrix, state[old + 'down'])]
    return found + [('output_norm.weight', 'F32', state['norm.weight'])]


def metadata_of(shape, tokenizer, name, kind):
    s, g = shape, gguf
    types = [3 if token in SPECIAL_TOKENS else 1 for token in tokenizer.tokens]
    assert len(tokenizer.tokens) == s.vocab, 'the model and the tokenizer are of different runs'
    return [
        ('general.architecture', g.STRING, 'llama'), ('general.name', g.STRING, name), ('general.type', g.STRING, 'model'),
        ('general.license', g.STRING, LICENCE), ('general.file_type', g.U32, FILE_TYPES[kind]),
        ('general.quantization_version', g.U32, 2), ('general.sampling.temp', g.F32, 0.0), ('general.description', g.STRING,
         'A very small language model trained from scratch for Linnet, on texts made for it.'),
        ('llama.context_length', g.U32, s.context), ('llama.embedding_length', g.U32, s.dim), ('llama.block_count', g.U32, s.layers),
        ('llama.feed_forward_length', g.U32, s.ffn), ('llama.attention.head_count', g.U32, s.heads),
        ('llama.attention.head_count_kv', g.U32, s.kv_heads), ('llama.attention.layer_norm_rms_epsilon', g.F32, s.eps),
        ('llama.rope.dimension_count', g.U32, s.head_dim), ('llama.rope.freq_base', g.F32, s.theta), ('llama.vocab_size', g.U32, s.vocab),
        ('tokenizer.ggml.model', g.STRING, 'gpt2'), ('tokenizer.ggml.pre', g.STRING, PRE),
        ('tokenizer.ggml.tokens', (g.ARRAY, g.STRING), tokenizer.tokens), ('tokenizer.ggml.token_type', (g.ARRAY, g.I32), types),
        ('tokenizer.ggml.merges', (g.ARRAY, g.STRING), [' '.join(m) for m in tokenizer.merges]),
        ('tokenizer.ggml.bos_token_id', g.U32, tokenizer.ids[BOS]), ('tokenizer.ggml.eos_token_id', g.U32, tokenizer.ids[EOS]),
        ('tokenizer.ggml.padding_token_id', g.U32, tokenizer.ids[PAD]), ('tokenizer.ggml.add_bos_token', g.BOOL, False),
        ('tokenizer.ggml.add_eos_token', g.BOOL, False), ('tokenizer.chat_template', g.STRING, CHAT_TEMPLATE),
    ]


def write_gguf(path, model, tokenizer, name, kind):
    """@returns the size of the file in bytes"""
    tensors = [(n, k, list(v.shape), quantise.to_bytes(k, v)) for n, k, v in tensors_of(model, kind)]
    gguf.write(path, metadata_of(model.shape, tokenizer, name, kind), tensors)
    return path.stat().st_size


def as_in_file(model, kind):
    """A copy of `model` with the weights that its file of this kind has."""
    copy = Model(model.shape)
    state = {}
    for name, value in model.state_dict().items():
        if value.dim() == 2 and kind != 'F32':
            rounding = EMBEDDING_KIND if name == 'embedding' else MATRIX_KIND
            state[name] = torch.from_numpy(quantise.rounded(rounding, value.cpu().float().numpy()))
        else:
            state[name] = value.cpu().float()
    copy.load_state_dict(state)
    return copy.eval()
