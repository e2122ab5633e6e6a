import { expect, it, onTestFinished } from 'vitest';
import { FakeEngine, type FakeScript } from '../testing/fake-engine.ts';
import { Linnet, type Model } from './linnet.ts';

async function load(script: Partial<FakeScript> = {}): Promise<{ fake: FakeEngine; model: Model }> {
  const fake = new FakeEngine(script);
  const linnet = new Linnet(() => fake.open());
  onTestFinished(() => {
    linnet.close();
  });
  return { fake, model: await linnet.load({ kind: 'url', url: 'https://example.test/m.gguf' }) };
}

it('hands an answer over piece by piece, whole in the end', async () => {
  const { fake, model } = await load({ answer: 'one two three' });
  const answer = model.chat([{ role: 'user', content: 'Count' }], { maxTokens: 8, sampling: { seed: 1 } });
  const pieces: string[] = [];
  for await (const piece of answer) pieces.push(piece);
  expect(pieces.join('')).toBe('one two three');
  expect((await answer.result).finishReason).toBe('stop');
  expect(fake.generations[0]).toMatchObject({ model: 'model-1', maxTokens: 8, sampling: { seed: 1 } });
});

it('aborts when the reader leaves', async () => {
  const { fake, model } = await load({ answer: 'word '.repeat(400) });
  const answer = model.complete('Go');
  for await (const piece of answer) if (piece !== '') break;
  expect((await answer.result).finishReason).toBe('aborted');
  expect(fake.aborted).toHaveLength(1);
});

it('throws in the loop what went wrong', async () => {
  const { model } = await load({ fail: { generate: { name: 'DeviceLost', message: 'gone' } } });
  const answer = model.complete('Go');
  const read = async (): Promise<string> => {
    let text = '';
    for await (const piece of answer) text += piece;
    return text;
  };
  await expect(read()).rejects.toMatchObject({ name: 'DeviceLost' });
  await expect(answer.result).rejects.toMatchObject({ name: 'DeviceLost' });
});

it('hands out a vector for each text', async () => {
  const { model } = await load();
  expect(await model.embed(['one', 'two'], { normalize: true })).toEqual([
    Float32Array.of(1, 0),
    Float32Array.of(1, 0),
  ]);
  expect(await model.embed(['three'], { pooling: 'last' })).toEqual([Float32Array.of(1, 1)]);
});
