/** What a cache of a given layout keeps of a head, for the oracle: the reference quantiser, between the transform and its inverse. */
import { hadamardRef } from '../../src/shaders/hadamard/hadamard.ref.ts';
import { isBlockLayout, type KvLayout } from '../../src/shaders/lib/kv-layout.ts';
import { hadamardElements, kvSlotShape } from '../../src/shaders/lib/kv.ts';
import { dequantiseRef, numberToHalf, quantiseRef } from '../../src/shaders/lib/kv.ref.ts';
import { halfToNumber } from '../../src/shaders/blocks/block-type.ts';
import type { Keep } from './llama.ts';

export function keptIn(layout: KvLayout, transform = true): Keep | undefined {
  if (layout === 'f32') return undefined;
  if (!isBlockLayout(layout)) {
    return (head) => {
      head.forEach((value, i) => (head[i] = halfToNumber(numberToHalf(value))));
    };
  }
  return (head) => {
    const block = transform ? hadamardElements(head.length) : 1;
    const spread = hadamardRef(head, block);
    const { scaleElements } = kvSlotShape(layout, head.length);
    for (let e = 0; e < spread.length; e += scaleElements) {
      spread.set(dequantiseRef(layout, quantiseRef(layout, spread.subarray(e, e + scaleElements))), e);
    }
    head.set(hadamardRef(spread, block)); // its own inverse
  };
}
