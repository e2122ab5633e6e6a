/** Norms of parts of rows, with a gate: their spec. Knows nothing of layers. */
import siluWgsl from '../elementwise/silu.wgsl?raw';
import sumWgsl from '../norm/sum32.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import partsWgsl from './norm_parts.wgsl?raw';

/** Fields of `NormPartsParams`; `eps` is an f32. */
export const NORM_PARTS_PARAMS = [
  'kind',
  'part_words',
  'x_stride',
  'x_offset',
  'weight_stride',
  'has_weight',
  'has_gate',
  'gate_stride',
  'gate_offset',
  'eps',
] as const;

/** The values of `kind`, in their order. */
export const PART_NORMS = ['rms', 'length', 'lengthAtLeast'] as const;
export type PartNorm = (typeof PART_NORMS)[number];

/** In place. Bindings: params, weight, gate, x. Grid: part, row. */
export const normParts: Kernel = {
  name: 'norm_parts_f32',
  code: [siluWgsl, sumWgsl, partsWgsl].join('\n'),
  bindings: ['uniform', 'read', 'read', 'readWrite'],
  constants: {},
  features: [],
};
