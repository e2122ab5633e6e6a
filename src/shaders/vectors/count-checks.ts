/** The checks of what counts tokens for penalties: those of a list, and those that were picked. Of one segment. Runs nothing. */
import type { Kernel } from '../kernel.ts';
import { PROMPT_BIT, RECORD_LAYOUT, RECORD_STATUS, RECORD_WORDS, ROW_FLAGS, type SampleRow } from '../sample/layout.ts';
import { encodeTokenList } from '../sample/sample.ts';
import { otherWord, type KernelCheck } from './check.ts';
import { asU32 } from './plain-check.ts';
import { chosenIds, logitsOf, NUM_SLOTS, packRows, shapeOf, SLOT } from './sample-logits.ts';
import { PLAIN_ROW } from './sample-rows.ts';
import { seededRandom } from './values.ts';

/** Tokens of a prompt and generated ones, some more than once, in every segment, over what is there; another slot stays. */
export function countListCheck(kernel: Kernel): KernelCheck {
  const shape = shapeOf(kernel);
  const ids = chosenIds(shape, logitsOf(shape, seededRandom(182)));
  const [prompt, generated] = [
    [...ids, ids[0] ?? 0],
    [...ids.slice(2), ...ids.slice(3), ids[1] ?? 0],
  ];
  // Ids from the vocabulary's end on are no tokens.
  const list = encodeTokenList(SLOT, [...prompt, shape.vocabSize], [...generated, shape.vocabSize + 1]);
  const marked = prompt.map((id) => [id, PROMPT_BIT] as const);
  const added = generated.map((id) => [id, 1] as const);
  return countCheck(kernel, [list], [...marked, ...added], [Math.ceil((list.length - 2) / 64), 1, 1]);
}

/** Rows with and without counts, with right and wrong drafts before, and one that picked nothing. */
export function countPickedCheck(kernel: Kernel): KernelCheck {
  const shape = shapeOf(kernel);
  const ids = chosenIds(shape, logitsOf(shape, seededRandom(183)));
  const [a = 0, b = 0, c = 0, d = 0] = [ids[0], ids.at(-1), ids[1], ids.at(-2)];
  const counted = { ...PLAIN_ROW, slot: SLOT, flags: ROW_FLAGS.counts };
  const picks: readonly { readonly id: number; readonly row: SampleRow; readonly status?: number }[] = [
    { id: a, row: counted },
    { id: b, row: { ...counted, num_drafts: 1, draft: a } },
    { id: c, row: { ...counted, num_drafts: 2, draft: b } },
    { id: d, row: { ...counted, num_drafts: 3, draft: a } }, // its draft is not what the row before picked
    { id: a, row: { ...counted, num_drafts: 4, draft: d } }, // nor is one further back
    { id: b, row: PLAIN_ROW },
    { id: 0, row: counted, status: RECORD_STATUS.noCandidate },
    { id: d, row: counted, status: RECORD_STATUS.nan },
  ];
  const records = new Uint32Array(picks.length * RECORD_WORDS);
  picks.forEach(({ id, status = 0 }, r) => {
    records[r * RECORD_WORDS + RECORD_LAYOUT.RECORD_ID] = id;
    records[r * RECORD_WORDS + RECORD_LAYOUT.RECORD_STATUS] = status;
  });
  const added = [a, b, c, d].map((id) => [id, 1] as const);
  return countCheck(kernel, [packRows(picks.map(({ row }) => row)), records], added, [picks.length, 1, 1]);
}

/** A kernel whose last binding are counts, of which `SLOT`'s are changed: bits are set, ones are added. */
function countCheck(
  kernel: Kernel,
  inputs: readonly Uint32Array<ArrayBuffer>[],
  changes: readonly (readonly [id: number, change: number])[],
  workgroups: readonly [number, number, number],
): KernelCheck {
  const { segmentLength } = shapeOf(kernel);
  const segment = kernel.constants['SEGMENT'] ?? 0;
  const counts = new Uint32Array(NUM_SLOTS * segmentLength).map((_, i) => i % 5);
  const expected = counts.slice();
  for (const [id, change] of changes) {
    if (Math.floor(id / segmentLength) !== segment) continue;
    const at = SLOT * segmentLength + (id % segmentLength);
    const before = expected[at] ?? 0;
    expected[at] = change === PROMPT_BIT ? before | PROMPT_BIT : before + change;
  }
  return {
    kernel,
    outputs: [inputs.length],
    runs: [{ bindings: [...inputs, counts], workgroups }],
    verify: ([[words = new Float32Array()] = []]) => otherWord(asU32(words), expected),
  };
}
