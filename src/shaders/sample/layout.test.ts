/** rows.wgsl and layout.ts say the same; what is encoded is where the struct has it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as layout from './layout.ts';

const wgsl = readFileSync(new URL('rows.wgsl', import.meta.url), 'utf8');

it('has the struct of the shader, field for field', () => {
  const body = /struct SampleRow \{([^}]*)\}/.exec(wgsl)?.[1] ?? '';
  const fields = [...body.matchAll(/^\s*(\w+): (\w+),/gm)].map(([, name, type]) => [name, type]);
  expect(fields).toEqual(layout.SAMPLE_ROW_FIELDS.map((field) => [...field]));
});

it('has the numbers of the shader', () => {
  const number = (name: string) => Number(new RegExp(`const ${name} = (\\w+?)u?;`).exec(wgsl)?.[1]);
  for (const [name, word] of Object.entries(layout.RECORD_LAYOUT)) expect(number(name), name).toBe(word);
  expect(number('RECORD_WORDS')).toBe(layout.RECORD_WORDS);
  expect(number('MAX_TOP')).toBe(layout.MAX_TOP_LOGPROBS);
  expect(number('NONE')).toBe(layout.NONE);
  expect(number('PROMPT_BIT')).toBe(layout.PROMPT_BIT);
  expect(number('FLAG_GREEDY')).toBe(layout.ROW_FLAGS.greedy);
  expect(number('FLAG_LOGPROBS')).toBe(layout.ROW_FLAGS.logprobs);
  expect(number('FLAG_COUNTS')).toBe(layout.ROW_FLAGS.counts);
  expect(number('STATUS_NAN')).toBe(layout.RECORD_STATUS.nan);
  expect(number('STATUS_NO_CANDIDATE')).toBe(layout.RECORD_STATUS.noCandidate);
});

it('encodes a row at its place and decodes a record', () => {
  const values = Object.fromEntries(layout.SAMPLE_ROW_FIELDS.map(([name], i) => [name, i + 1]));
  const view = new DataView(new ArrayBuffer(2 * layout.SAMPLE_ROW_BYTES));
  layout.encodeSampleRow(view, 1, isRow(values) ? values : fail());
  expect(view.getUint32(layout.SAMPLE_ROW_BYTES, true)).toBe(1);
  expect(view.getFloat32(2 * layout.SAMPLE_ROW_BYTES - 4, true)).toBe(18);

  const record = new DataView(new ArrayBuffer(2 * layout.RECORD_BYTES));
  const base = layout.RECORD_BYTES;
  for (const [word, value] of [
    [0, 5],
    [1, 2],
    [3, 1],
    [4, 6],
    [44, 7],
    [45, 8],
  ] as const) {
    record.setUint32(base + 4 * word, value, true);
  }
  record.setFloat32(base + 4 * 2, -1.5, true);
  record.setFloat32(base + 4 * 24, -0.25, true);
  expect(layout.decodeSampleRecord(record, 1)).toEqual({
    id: 5,
    status: 2,
    logprob: -1.5,
    top: [{ id: 6, logprob: -0.25 }],
    threshold: { key: 7, rev: 8 },
  });
});

function isRow(values: Record<string, number>): values is layout.SampleRow {
  return layout.SAMPLE_ROW_FIELDS.every(([name]) => name in values);
}

function fail(): never {
  throw new Error('a field is missing');
}
