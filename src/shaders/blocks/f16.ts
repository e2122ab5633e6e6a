/** F16: half-precision weights; read by bit arithmetic, or as they are where the device has `shader-f16`. */
import halfWgsl from '../lib/half.wgsl?raw';
import { BINDINGS_WGSL, halfToNumber, padRows, paddedRowElements, type BlockType } from './block-type.ts';
import nativeWgsl from './f16_native.wgsl?raw';
import wgsl from './f16.wgsl?raw';

export const F16: BlockType = {
  name: 'F16',
  ggmlType: 1,
  blockElements: 1,
  blockBytes: 2,
  gpuBlockElements: 32,
  quantBytes: 64,
  scaleBytes: 0,
  wgsl: BINDINGS_WGSL + halfWgsl + wgsl,
  features: [],
  repack(raw, numRows, rowElements, quants) {
    padRows(raw, numRows, rowElements * 2, paddedRowElements(rowElements) * 2, quants);
  },
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    out[outOffset] = halfToNumber(raw.getUint16(offsetBytes, true));
  },
};

/** The same weights and the same results, for devices with `shader-f16`. */
export const F16_NATIVE: BlockType = {
  ...F16,
  wgsl: `enable f16;
@group(0) @binding(0) var<storage, read> wq: array<vec4<f16>>;
@group(0) @binding(1) var<storage, read> ws: array<u32>;
${nativeWgsl}`,
  features: ['shader-f16'],
};
