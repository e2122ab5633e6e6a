/**
 * A block type from the list of its fields as they follow each other in the file: its sizes, its planes on the GPU and the
 * repacking follow from that. Knows nothing of any one type.
 */
import {
  BINDINGS_WGSL,
  padRows,
  paddedRowElements,
  splitPlanes,
  type BlockField,
  type BlockType,
} from './block-type.ts';

type Plane = BlockField['plane'];

const NUMBER_BYTES = { f32: 4, f16: 2, bf16: 2, e8m0: 1 } as const;

/** A field that holds one number: a weight, or a scale. */
export function number(kind: keyof typeof NUMBER_BYTES, plane: Plane): BlockField {
  return { kind, plane, numBytes: NUMBER_BYTES[kind] };
}

/** A field of packed integers, any of which are valid. */
export function bytes(numBytes: number, plane: Plane): BlockField {
  return { kind: 'bytes', plane, numBytes };
}

export interface FieldsSpec extends Pick<
  BlockType,
  'name' | 'ggmlType' | 'blockElements' | 'fields' | 'unitWgsl' | 'wideUnitWgsl' | 'int8Wgsl' | 'dequantizeBlock'
> {
  /** What defines `dequant32`: snippets, and the type's own WGSL last. */
  readonly wgsl: readonly string[];
}

/** @throws Error for blocks of less than a group whose fields go to both planes */
export function fromFields({ wgsl, ...spec }: FieldsSpec): BlockType {
  const { name, blockElements, fields } = spec;
  const bytesOf = (some: readonly BlockField[]) => some.reduce((sum, { numBytes }) => sum + numBytes, 0);
  const blockBytes = bytesOf(fields);
  const quantBytes = bytesOf(fields.filter(({ plane }) => plane === 'quants'));
  const scaleBytes = blockBytes - quantBytes;
  const blocksPerGroup = Math.max(1, 32 / blockElements);
  if (blocksPerGroup > 1 && scaleBytes > 0) throw new Error(`${name}: small blocks have but one plane`);
  return {
    ...spec,
    blockBytes,
    gpuBlockElements: blockElements * blocksPerGroup,
    quantBytes: quantBytes * blocksPerGroup,
    scaleBytes,
    wgsl: BINDINGS_WGSL + wgsl.join(''),
    features: [],
    repack(raw, numRows, rowElements, quants, scales) {
      const rowBytes = (rowElements / blockElements) * blockBytes;
      const paddedBytes = (paddedRowElements(rowElements) / blockElements) * blockBytes;
      if (scaleBytes === 0) padRows(raw, numRows, rowBytes, paddedBytes, quants);
      else splitPlanes(raw, (numRows * rowElements) / blockElements, fields, { quants, scales });
    },
  };
}
