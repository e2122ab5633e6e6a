"""GGUF v3: a writer, and a reader for the tests. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""
import struct

import numpy as np

U32, I32, F32, BOOL, STRING, ARRAY, U64 = 4, 5, 6, 7, 8, 9, 10
_FORMATS = {U32: '<I', I32: '<i', F32: '<f', BOOL: '<?', U64: '<Q'}
GGML_TYPES = {'F32': (0, 1, 4), 'F16': (1, 1, 2), 'Q4_0': (2, 32, 18), 'Q8_0': (8, 32, 34)}
ALIGNMENT = 32


def _string(text):
    data = text.encode('utf-8')
    return struct.pack('<Q', len(data)) + data


def _value(kind, value):
    return _string(value) if kind == STRING else struct.pack(_FORMATS[kind], value)


def write(path, metadata, tensors):
    """metadata: [(key, kind, value)], an array as (ARRAY, element kind) for its kind.
    tensors: [(name, type, shape slowest first, bytes)]"""
    header = [b'GGUF', struct.pack('<IQQ', 3, len(tensors), len(metadata))]
    for key, kind, value in metadata:
        header.append(_string(key))
        if isinstance(kind, tuple):
            header.append(struct.pack('<IIQ', ARRAY, kind[1], len(value)) + b''.join(_value(kind[1], v) for v in value))
        else:
            header.append(struct.pack('<I', kind) + _value(kind, value))
    offset = 0
    for name, kind, shape, data in tensors:
        number, values, size = GGML_TYPES[kind]
        assert int(np.prod(shape)) // values * size == len(data), name
        header.append(_string(name) + struct.pack('<I', len(shape)) + b''.join(struct.pack('<Q', n) for n in reversed(shape))
                      + struct.pack('<IQ', number, offset))
        offset += len(data) + -len(data) % ALIGNMENT
    head = b''.join(header)
    with open(path, 'wb') as out:
        out.write(head + bytes(-len(head) % ALIGNMENT))
        for _, _, _, data in tensors:
            out.write(data + bytes(-len(data) % ALIGNMENT))


def read(path):
    """({key: value}, {name: (type, shape slowest first, bytes)})"""
    data = path.read_bytes()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return values[0] if len(values) == 1 else values

    def text():
        nonlocal at
        size = take('<Q')
        at += size
        return data[at - size:at].decode('utf-8')

    def value(kind):
        if kind == ARRAY:
            element, count = take('<IQ')
            return [value(element) for _ in range(count)]
        return text() if kind == STRING else take(_FORMATS[kind])

    assert data[:4] == b'GGUF'
    at = 4
    version, num_tensors, num_metadata = take('<IQQ')
    assert version == 3
    metadata = {}
    for _ in range(num_metadata):
        key = text()
        metadata[key] = value(take('<I'))
    kinds = {number: (name, values, size) for name, (number, values, size) in GGML_TYPES.items()}
    infos = []
    for _ in range(num_tensors):
        name = text()
        dims = [take('<Q') for _ in range(take('<I'))]
        number, offset = take('<IQ')
        infos.append((name, number, dims[::-1], offset))
    start = at + -at % ALIGNMENT
    tensors = {}
    for name, number, shape, offset in infos:
        kind, values, size = kinds[number]
        length = int(np.prod(shape)) // values * size
        tensors[name] = (kind, shape, data[start + offset:start + offset + length])
    return metadata, tensors
