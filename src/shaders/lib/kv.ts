/** How keys and values are stored, for the kernels that write and read them. */
import f16Wgsl from './kv_f16.wgsl?raw';
import f32Wgsl from './kv_f32.wgsl?raw';

export type KvLayout = 'f32' | 'f16';

export function kvWgsl(layout: KvLayout): string {
  return layout === 'f32' ? f32Wgsl : f16Wgsl;
}

/** Bytes of one element of the cache. */
export function kvElementBytes(layout: KvLayout): number {
  return layout === 'f32' ? 4 : 2;
}
