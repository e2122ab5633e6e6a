/** F16: half-precision weights; read by bit arithmetic, or as they are where the device has `shader-f16`. */
import halfWgsl from '../lib/half.wgsl?raw';
import { halfToNumber, type BlockType } from './block-type.ts';
import nativeWgsl from './f16_native.wgsl?raw';
import wgsl from './f16.wgsl?raw';
import { fromFields, number } from './fields.ts';
import pairsWgsl from './pairs16.wgsl?raw';

export const F16 = fromFields({
  name: 'F16',
  ggmlType: 1,
  blockElements: 1,
  fields: [number('f16', 'quants')],
  wgsl: [halfWgsl, wgsl, pairsWgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    out[outOffset] = halfToNumber(raw.getUint16(offsetBytes, true));
  },
});

/** The same weights and the same results, for devices with `shader-f16`. */
export const F16_NATIVE: BlockType = {
  ...F16,
  wgsl: `enable f16;
@group(0) @binding(0) var<storage, read> wq: array<vec4<f16>>;
@group(0) @binding(1) var<storage, read> ws: array<u32>;
${nativeWgsl}`,
  features: ['shader-f16'],
};
