/** The names of what a cache may hold, without the code that reads and writes it: for settings, command lines and checks. */

export const KV_LAYOUTS = ['f32', 'f16', 'q8_0', 'q4_0'] as const;
export type KvLayout = (typeof KV_LAYOUTS)[number];
/** Those with a scale for every few elements. */
export type KvBlockLayout = 'q8_0' | 'q4_0';

export function isBlockLayout(layout: KvLayout): layout is KvBlockLayout {
  return layout === 'q8_0' || layout === 'q4_0';
}
