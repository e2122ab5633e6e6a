/**
 * Answers to cases through the runtime: greedy, several at once, by the chat template of the file. Knows no grading.
 */
import type { TestEngine } from '../../node/test-engine.ts';
import type { Case } from './cases.ts';

/** More at a time than the cache of a small context holds would only wait for each other. */
const NUM_AT_ONCE = 8;

/** @returns answers by id; `onAnswer` hears of each as it comes */
export async function answerCases(
  engine: TestEngine,
  model: string,
  cases: readonly Case[],
  onAnswer: (numDone: number) => void = () => undefined,
): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { id, messages, maxTokens } = next;
      const input = { kind: 'chat', messages } as const;
      const { result } = await engine.ask(model, { input, maxTokens, sampling: { temperature: 0 } });
      answers.set(id, result.text);
      onAnswer(answers.size);
    }
  };
  await Promise.all(Array.from({ length: NUM_AT_ONCE }, work));
  return answers;
}
