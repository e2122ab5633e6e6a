/** ONNX models in a page, in their own worker: vectors against exact arithmetic, and what is refused. Files come from a local hub. */
import { expect, inject, it, onTestFinished } from 'vitest';
import { bertWeights, EPSILON, FFN, HEADS, HIDDEN, MAX_TOKENS } from '../../../../tools/fixtures/onnx-bert.ts';
import { createEngine } from '../create-engine.ts';
import type { Linnet } from '../linnet.ts';

const { onnxHub } = inject('servers');
const BERT = 'somebody/tiny-bert';
const models = [BERT, 'somebody/tiny-gpt', 'somebody/absent'];

function engine(hub = onnxHub): Linnet {
  const made = createEngine({ onnx: { models, hub, quantized: false } });
  onTestFinished(() => {
    made.close();
  });
  return made;
}

type Matrix = readonly (readonly number[])[];

/** The forward pass of BERT in f64, as its paper has it, for one text. */
function exactEmbedding(ids: readonly number[]): readonly number[] {
  const weights = bertWeights();
  const rows = (name: string): Matrix => {
    const { dims, data } = weights.get(name) ?? { dims: [], data: Float32Array.of() };
    const width = dims.at(-1) ?? 0;
    return Array.from({ length: data.length / width }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
  };
  const vector = (name: string) => rows(name)[0] ?? [];
  const at = (list: readonly number[], i: number) => list[i] ?? NaN;
  const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
  const linear = (x: Matrix, name: string): Matrix =>
    x.map((row) =>
      vector(`${name}.b`).map(
        (bias, o) => bias + sum(row.map((value, i) => value * at(rows(`${name}.w`)[i] ?? [], o))),
      ),
    );
  const add = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + at(b[i] ?? [], j)));
  const norm = (x: Matrix, name: string): Matrix =>
    x.map((row) => {
      const mean = sum(row) / HIDDEN;
      const deviation = Math.sqrt(sum(row.map((value) => (value - mean) ** 2)) / HIDDEN + EPSILON);
      return row.map(
        (value, i) => ((value - mean) / deviation) * at(vector(`${name}.w`), i) + at(vector(`${name}.b`), i),
      );
    });
  const embedded = ids.map((id, i) =>
    (rows('word')[id] ?? []).map((value, j) => value + at(rows('position')[i] ?? [], j) + at(vector('type'), j)),
  );
  const x0 = norm(embedded, 'norm0');
  const [q, k, v] = ['q', 'k', 'v'].map((name) => linear(x0, name)) as [Matrix, Matrix, Matrix];
  const width = HIDDEN / HEADS;
  const attended = q.map((query) =>
    query.map((_, column) => {
      const first = Math.floor(column / width) * width;
      const dot = (key: readonly number[]) =>
        sum(Array.from({ length: width }, (__, i) => at(query, first + i) * at(key, first + i)));
      const shares = k.map((key) => Math.exp(dot(key) / Math.sqrt(width)));
      return sum(shares.map((share, i) => share * at(v[i] ?? [], column))) / sum(shares);
    }),
  );
  const x1 = norm(add(linear(attended, 'o'), x0), 'norm1');
  const up = linear(x1, 'up').map((row) => row.map((value) => (value * (1 + erf(value / Math.SQRT2))) / 2));
  expect(up[0]).toHaveLength(FFN);
  const x2 = norm(add(linear(up, 'down'), x1), 'norm2');
  const mean = Array.from({ length: HIDDEN }, (_, i) => sum(x2.map((row) => at(row, i))) / x2.length);
  return mean.map((value) => value / Math.hypot(...mean));
}

/** By its series, which is exact enough for small numbers. */
function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 60; n += 1) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

it(
  'embeds as exact arithmetic does, with mean and length 1, whatever stands beside',
  { timeout: 300_000 },
  async () => {
    const { embeddings } = engine();
    const input = ['One bird sings.', 'songs', 'the two songs xylophone'];
    // [CLS] one bird sings . [SEP]; [CLS] song ##s [SEP]; [CLS] the two song ##s [UNK] [SEP]
    const ids = [
      [2, 4, 5, 6, 10, 3],
      [2, 7, 8, 3],
      [2, 11, 9, 7, 8, 1, 3],
    ];
    const { data, model, usage } = await embeddings.create({ model: BERT, input });
    expect([model, usage.prompt_tokens, data.length]).toEqual([BERT, 17, 3]);
    data.forEach(({ embedding }, i) => {
      const exact = exactEmbedding(ids[i] ?? []);
      expect(embedding).toHaveLength(HIDDEN);
      embedding.forEach((value, j) => {
        expect(Math.abs(value - (exact[j] ?? NaN))).toBeLessThan(2e-6);
      });
    });
    // They are not all alike.
    expect(
      Math.max(...(data[0]?.embedding ?? []).map((value, j) => Math.abs(value - (data[1]?.embedding[j] ?? NaN)))),
    ).toBeGreaterThan(0.01);
    const alone = await embeddings.create({ model: BERT, input: 'songs', encoding_format: 'base64' });
    const bytes = Uint8Array.from(atob(alone.data[0]?.embedding ?? ''), (character) => character.charCodeAt(0));
    expect([...new Float32Array(bytes.buffer)]).toEqual(data[1]?.embedding);
  },
);

it('refuses by name what it cannot embed', { timeout: 300_000 }, async () => {
  const { embeddings } = engine();
  const failed = (model: string, input: unknown = 'a') => embeddings.create({ model, input: input as string });
  await expect(failed('somebody/absent')).rejects.toMatchObject({ name: 'RepositoryNotFound' });
  await expect(failed('somebody/tiny-gpt')).rejects.toMatchObject({ name: 'InvalidRequest' });
  await expect(failed('somebody/tiny-gpt')).rejects.toThrow(/GPT2LMHeadModel/);
  await expect(failed(BERT, 'bird '.repeat(MAX_TOKENS))).rejects.toMatchObject({ name: 'ContextFull' });
  await expect(failed(BERT, [4, 5])).rejects.toMatchObject({ name: 'InvalidRequest', param: 'input' });
  // What was not named is not fetched: it would be a model of the engine.
  await expect(failed('somebody/else')).rejects.toMatchObject({ name: 'ModelNotLoaded' });
  const gone = engine('http://127.0.0.1:9').embeddings.create({ model: BERT, input: 'a' });
  await expect(gone).rejects.toMatchObject({ name: 'NetworkFailed' });
  const aborted = embeddings.create({ model: BERT, input: 'a' }, { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toMatchObject({ name: 'Aborted' });
});

it('refuses names and hubs that are none', () => {
  for (const wrong of [{ models: ['no-owner'] }, { models, hub: 'hub.example' }])
    expect(() => createEngine({ onnx: wrong })).toThrow();
});
