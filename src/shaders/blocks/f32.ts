/** F32: weights as they are. */
import { fromFields, number } from './fields.ts';
import wgsl from './f32.wgsl?raw';

export const F32 = fromFields({
  name: 'F32',
  ggmlType: 0,
  blockElements: 1,
  fields: [number('f32', 'quants')],
  wgsl: [wgsl],
  dequantizeBlock(raw, offsetBytes, out, outOffset) {
    out[outOffset] = raw.getFloat32(offsetBytes, true);
  },
});
