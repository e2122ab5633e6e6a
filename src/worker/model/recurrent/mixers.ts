/**
 * Blocks that keep a state, strung together from operations on the buffers of one model: from the rows that a block takes to
 * those that its last projection takes. Knows no architecture.
 */
import { WKV_PARTS, type WkvPart } from '../../../shaders/recurrent/wkv.ts';
import { LinnetError } from '../../errors.ts';
import type { BufferRange } from '../../gpu/gpu.ts';
import type { DecoderParts } from '../decoder-parts.ts';
import type { Rows } from '../linear-dispatch.ts';
import type { PlannedMatrix, PlannedVector } from '../tensors.ts';
import { partPitchBytes } from '../scratch.ts';
import { widthsOf, type ConvolvedConfig, type MixRow } from './config.ts';
import type { ConvShape, RowRange } from './ops.ts';
import type {
  ChannelScanTensors,
  DeltaNetTensors,
  HeadScanTensors,
  MixerTensors,
  ShortConvTensors,
} from './tensors.ts';
import type { ShiftTensors, WkvTensors } from './wkv-tensors.ts';

export class Mixers {
  readonly #parts: DecoderParts;

  constructor(parts: DecoderParts) {
    this.#parts = parts;
  }

  /** The rows that `out` of the block is multiplied with. */
  mix(tensors: MixerTensors, input: Rows): BufferRange {
    for (const { matrix, outOffset } of tensors.projections) {
      this.#linear(matrix, input, this.#rows('projected', outOffset));
    }
    switch (tensors.kind) {
      case 'shortConv':
        this.#shortConv(tensors);
        break;
      case 'deltaNet':
        this.#deltaNet(tensors);
        break;
      case 'headScan':
        this.#headScan(tensors);
        break;
      case 'channelScan':
        this.#channelScan(tensors);
        break;
      case 'wkv':
        this.#wkv(tensors, input);
        break;
    }
    return this.#rows('mixed').range;
  }

  /** mixed = c * conv(b * x) */
  #shortConv({ layer, shape: { channels, taps }, conv }: ShortConvTensors): void {
    this.#parts.ops.recurrent.causalConv(
      { kind: 'gated', channels, taps },
      { weight: this.#vector(conv) },
      this.#rows('projected'),
      this.#state(layer, 0),
      this.#rows('mixed'),
    );
  }

  /** q|k|v = silu(conv(..)), queries and keys of length 1; mixed = norm(delta rule) * silu(gate) */
  #deltaNet({ layer, shape, conv, decay, norm }: DeltaNetTensors): void {
    const { recurrent } = this.#parts.ops;
    const { normEps: eps } = this.#parts.config;
    const { headSize, numKeyHeads, numValueHeads, pairing } = shape;
    const { channels } = widthsOf(shape);
    this.#conv(layer, shape, 0, conv);
    const kind = pairing === 'interleaved' ? 'length' : 'lengthAtLeast';
    const convolved = this.#rows('convolved');
    recurrent.normParts(convolved, { kind, numParts: 2 * numKeyHeads, partSize: headSize, eps });
    const gates = this.#rows('projected', channels + numValueHeads * headSize);
    const mixed = this.#rows('mixed');
    recurrent.deltaRule(shape, this.#vector(decay), convolved, gates, this.#state(layer, 1), mixed);
    recurrent.normParts(mixed, {
      kind: 'rms',
      numParts: numValueHeads,
      partSize: headSize,
      eps,
      weight: this.#vector(norm),
      gate: this.#rows('projected', channels),
    });
  }

  /** x|B|C = silu(conv(..)); mixed = norm((scan + skip) * silu(gate)) */
  #headScan({ layer, shape, conv, convBias, constants, norm }: HeadScanTensors): void {
    const { recurrent } = this.#parts.ops;
    const { innerSize, numGroups } = shape;
    const { channels } = widthsOf(shape);
    this.#conv(layer, shape, innerSize, conv, convBias);
    const rows = {
      x: this.#rows('convolved'),
      gate: this.#rows('projected'),
      delta: this.#rows('projected', innerSize + channels),
    };
    const mixed = this.#rows('mixed');
    recurrent.scan(shape, this.#vector(constants), rows, this.#state(layer, 1), mixed);
    if (norm === undefined) return;
    recurrent.normParts(mixed, {
      kind: 'rms',
      numParts: numGroups,
      partSize: innerSize / numGroups,
      eps: this.#parts.config.normEps,
      weight: this.#vector(norm),
      ownWeights: true,
    });
  }

  /** x = silu(conv(..)); delta, B, C from x; mixed = (scan + skip) * silu(gate) */
  #channelScan(tensors: ChannelScanTensors): void {
    const { layer, shape, conv, convBias, rank, select, delta, deltaBias, constants, norms } = tensors;
    const { recurrent } = this.#parts.ops;
    const { normEps: eps } = this.#parts.config;
    const { innerSize, stateSize } = shape;
    this.#conv(layer, shape, 0, conv, convBias);
    const [x, ranked, selected] = [this.#rows('convolved'), this.#rows('ranked'), this.#rows('selected')];
    const [b, c] = [this.#rows('selected', innerSize), this.#rows('selected', innerSize + stateSize)];
    this.#linear(rank, { x: x.range }, ranked);
    this.#linear(select, { x: x.range }, b);
    if (norms !== undefined) {
      const one = { kind: 'rms', numParts: 1, eps } as const;
      recurrent.normParts(ranked, { ...one, partSize: shape.rank, weight: this.#vector(norms.rank) });
      recurrent.normParts(b, { ...one, partSize: stateSize, weight: this.#vector(norms.b) });
      recurrent.normParts(c, { ...one, partSize: stateSize, weight: this.#vector(norms.c) });
    }
    this.#linear(delta, { x: ranked.range }, selected, this.#vector(deltaBias));
    const rows = { x, gate: this.#rows('projected', innerSize), delta: selected };
    recurrent.scan(shape, this.#vector(constants), rows, this.#state(layer, 1), this.#rows('mixed'));
  }

  /** The input, mixed with the rows before it in one way. */
  shift(tensors: ShiftTensors, input: Rows): Rows {
    const { config, ops, sizes } = this.#parts;
    const { layer, part, lerp, numMixes } = tensors;
    if (input.fused !== undefined) throw new LinnetError('Internal', 'Shifted rows whose norm is not taken yet.');
    const x = { range: input.x, stride: sizes.padded.hidden, offset: 0 };
    const shifted = this.#rows('shifted');
    const out = { ...shifted, partFloats: partPitchBytes(shifted.stride, sizes.maxRows) / 4 };
    const shape = { channels: config.hiddenSize, numMixes };
    ops.wkv.tokenShift(shape, this.#vector(lerp), x, this.#state(layer, part), out);
    return this.#mix(0);
  }

  /** mixed = (norm(recurrence) + bonus) * gate, of products of mixes of the input */
  #wkv(tensors: WkvTensors, input: Rows): void {
    const { layer, shape, products, lowRank } = tensors;
    const { wkv } = this.#parts.ops;
    const partOf = (part: WkvPart) => this.#rows('projected', WKV_PARTS.indexOf(part) * shape.channels);
    this.shift(tensors.shift, input);
    for (const { matrix, mix, part } of products) this.#linear(matrix, this.#mix(mix), partOf(part));
    for (const { down, mix, rank } of lowRank) this.#linear(down, this.#mix(mix), this.#rows(`ranked.${rank}`));
    wkv.ranks(shape, this.#rows('ranked.decay'), this.#rows('ranked.gate'));
    for (const { up, part, rank } of lowRank) {
      const bias = part === 'gate' ? undefined : this.#vector(tensors.bias);
      this.#linear(up, { x: this.#rows(`ranked.${rank}`).range }, partOf(part), bias);
    }
    const [rows, mixed] = [this.#rows('projected'), this.#rows('mixed')];
    wkv.inputs(shape, this.#vector(tensors.inputs), rows, this.#rows('firstValues'), tensors.keepsValues);
    wkv.recurrence(shape, rows, this.#state(layer, 1), mixed);
    wkv.outputs(shape, this.#vector(tensors.outputs), rows, mixed);
  }

  /** Rows that are mixed with those before them in one of the ways. */
  #mix(index: number): Rows {
    const range = this.#parts.scratch.named.get(`shifted[${String(index)}]`);
    if (range === undefined) throw new LinnetError('Internal', `The model has no mix ${String(index)} of its rows.`);
    return { x: range };
  }

  /** convolved = silu(conv(projected from `offset` on)) */
  #conv(layer: number, shape: ConvolvedConfig, offset: number, weight: PlannedVector, bias?: PlannedVector): void {
    const conv: ConvShape = { kind: 'silu', channels: widthsOf(shape).channels, taps: shape.taps };
    const vectors = { weight: this.#vector(weight), bias: bias && this.#vector(bias) };
    const [from, to] = [this.#rows('projected', offset), this.#rows('convolved')];
    this.#parts.ops.recurrent.causalConv(conv, vectors, from, this.#state(layer, 0), to);
  }

  #linear(matrix: PlannedMatrix, input: Rows, { range, stride, offset }: RowRange, bias?: BufferRange): void {
    const { ops, store } = this.#parts;
    ops.linear(store.matrix(matrix), input, { out: range, outStride: stride, outOffset: offset, bias });
  }

  #rows(name: MixRow, offset = 0): RowRange {
    const { scratch, config } = this.#parts;
    const [range, buffer] = [scratch.named.get(name), config.buffers[name]];
    if (range === undefined || buffer === undefined)
      throw new LinnetError('Internal', `The model has no ${name} rows.`);
    return { range, stride: Math.ceil(buffer.width / 32) * 32, offset };
  }

  #state(layer: number, part: number): BufferRange {
    const { states } = this.#parts;
    if (states === undefined) throw new LinnetError('Internal', 'The model keeps no states.');
    return states.part(layer, part);
  }

  #vector(planned: PlannedVector): BufferRange {
    return this.#parts.store.vector(planned);
  }
}
