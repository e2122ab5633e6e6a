/** Selective scans: their specs. Know nothing of layers. */
import siluWgsl from '../elementwise/silu.wgsl?raw';
import spanWgsl from '../lib/span.wgsl?raw';
import type { Kernel } from '../kernel.ts';
import channelsWgsl from './scan_channels.wgsl?raw';
import headsWgsl from './scan_heads.wgsl?raw';
import softplusWgsl from './softplus.wgsl?raw';
import scanWgsl from './ssm_scan.wgsl?raw';

/** `heads`: Mamba 2, one decay a head; `channels`: Mamba, one an element of the state. */
export type ScanKind = 'heads' | 'channels';

export const SSM_SCAN_PARAMS = [
  'num_channels',
  'num_heads',
  'num_groups',
  'x_stride',
  'gate_stride',
  'gate_offset',
  'delta_stride',
  'delta_offset',
  'out_stride',
] as const;

/**
 * `stateSize`: a multiple of 4. Bindings: params, spans, row_slots, x, projected, constants, state [slot][stateSize / 4][channel][4],
 * out; `channels` has `selected` behind these. Grid: channels / 64, sequences.
 */
export function ssmScan(stateSize: number, kind: ScanKind): Kernel {
  return {
    name: `ssm_scan_f32_${kind}_${String(stateSize)}`,
    code: [
      `const STATE = ${String(stateSize)}u;`,
      spanWgsl,
      siluWgsl,
      softplusWgsl,
      kind === 'heads' ? headsWgsl : channelsWgsl,
      scanWgsl,
    ].join('\n'),
    bindings: [
      'uniform',
      'read',
      'read',
      'read',
      'read',
      'read',
      'readWrite',
      'readWrite',
      ...(kind === 'heads' ? [] : (['read'] as const)),
    ],
    constants: {},
    features: [],
  };
}
