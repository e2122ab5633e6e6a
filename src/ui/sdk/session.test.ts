import { expect, it, onTestFinished } from 'vitest';
import { FakeEngine, type FakeScript } from '../testing/fake-engine.ts';
import { Linnet, type Model } from './linnet.ts';

async function load(script: Partial<FakeScript> = {}): Promise<{ fake: FakeEngine; model: Model }> {
  const fake = new FakeEngine({ answer: 'an answer', ...script });
  const linnet = new Linnet(() => fake.open());
  onTestFinished(() => {
    linnet.close();
  });
  return { fake, model: await linnet.load({ kind: 'url', url: 'https://example.test/m.gguf' }) };
}

const SYSTEM = { role: 'system', content: 'be kind' } as const;
const user = (content: string) => ({ role: 'user', content }) as const;
const assistant = (content: string) => ({ role: 'assistant', content }) as const;

it('keeps what was said, and asks under one name', async () => {
  const { fake, model } = await load();
  const session = model.session({ id: 'mine', messages: [SYSTEM] });
  await session.chat('one').result;
  let text = '';
  for await (const piece of session.chat('two', { maxTokens: 5 })) text += piece;
  expect(text).toBe('an answer');
  expect(session.messages).toEqual([SYSTEM, user('one'), assistant(text), user('two'), assistant(text)]);
  await session.continue().result;
  expect(session.messages.at(-1)).toEqual(assistant(text + text));
  expect(fake.generations.map(({ conversation, input }) => [conversation, input.kind])).toEqual([
    ['mine', 'chat'],
    ['mine', 'chat'],
    ['mine', 'continue'],
  ]);
  expect(fake.generations[1]).toMatchObject({
    maxTokens: 5,
    input: { messages: [SYSTEM, user('one'), assistant(text), user('two')] },
  });
  await session.close();
  expect(fake.sessions).toEqual(['forget mine']);
});

it('goes on as a text, and not as both', async () => {
  const { fake, model } = await load();
  const session = model.session();
  await session.complete('Once ').result;
  await session.continue().result;
  await session.complete(' and').result;
  expect(session.text).toBe('Once an answeran answer andan answer');
  expect(fake.generations.at(-1)?.input).toEqual({ kind: 'text', text: 'Once an answeran answer and' });
  expect(() => session.chat('hello')).toThrow('in the other way');
  const chat = model.session({ messages: [SYSTEM] });
  expect(() => chat.complete('hello')).toThrow('in the other way');
});

it('forks, saves and is restored behind its answer, with what was said', async () => {
  const { fake, model } = await load();
  const session = model.session({ id: 'one' });
  void session.chat('hello').result;
  expect(() => session.chat('again')).toThrow('one answer at a time');
  const fork = await session.fork();
  expect(fork.messages).toEqual([user('hello'), assistant('an answer')]);
  const bytes = await fork.save();
  const restored = await model.restore(new Blob([bytes]));
  expect(restored.messages).toEqual(fork.messages);
  expect(restored.restored).toMatchObject({ numTokens: 9, sameDevice: true });
  await restored.chat('more').result;
  expect(session.messages).toHaveLength(2);
  expect(fork.messages).toHaveLength(2);
  expect(fake.sessions).toEqual([`fork one ${fork.id}`, `save ${fork.id}`, `restore ${restored.id}`]);
  // Bytes that are handed over are gone here.
  await model.restore(bytes, { transfer: true });
  expect(bytes).toHaveLength(0);
  await expect(model.restore(new TextEncoder().encode('{}'))).rejects.toMatchObject({ name: 'SessionInvalid' });
});

it('forgets a turn that failed', async () => {
  const { model } = await load({ fail: { prompt: { name: 'ContextFull', message: 'too long' } } });
  const session = model.session();
  await expect(session.chat('hello').result).rejects.toMatchObject({ name: 'ContextFull' });
  expect(session.messages).toEqual([]);
  // Nothing is known of it that could be forked.
  expect((await session.fork()).messages).toEqual([]);
});

it('is free for the next answer as soon as a loop is left', async () => {
  const { model } = await load({ answer: 'word '.repeat(50) });
  const session = model.session();
  for await (const piece of session.chat('one')) if (piece !== '') break;
  expect(await session.continue().result).toMatchObject({ finishReason: 'stop' });
});
