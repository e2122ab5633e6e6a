/** Thoughts and tool calls in the forms that models write them, whole and while they are written. */
import { describe, expect, it } from 'vitest';
import { answerParts, saidText } from './answer-parts.ts';

const said = (text: string) => ({ kind: 'said', text }) as const;
const thought = (text: string, isOpen = false) => ({ kind: 'thought', text, isOpen }) as const;

describe('a thought', () => {
  it('stands between two marks, or before the second alone', () => {
    expect(answerParts('<think>\nHm.\n</think>\n\nYes.')).toEqual([thought('Hm.'), said('Yes.')]);
    expect(answerParts('Hm, well.\n</think>\n\nYes.')).toEqual([thought('Hm, well.'), said('Yes.')]);
  });

  it('is open while it is written, and is none when it is empty', () => {
    expect(answerParts('<think>')).toEqual([thought('', true)]);
    expect(answerParts('<think>\nHm, so')).toEqual([thought('Hm, so', true)]);
    expect(answerParts('<think>\n\n</think>\n\nYes.')).toEqual([said('Yes.')]);
  });

  it('is none in the middle of a text, or in code', () => {
    const text = 'Write `<think>` and then `</think>`.';
    expect(answerParts(text)).toEqual([said(text)]);
    expect(answerParts('I say <think> so.')).toEqual([said('I say <think> so.')]);
  });

  it('is the analysis channel of the harmony format, with its marks and where they are not shown', () => {
    const parts = [thought('User greets.'), said('Hello!')];
    const marked =
      '<|channel|>analysis<|message|>User greets.<|end|><|start|>assistant<|channel|>final<|message|>Hello!<|return|>';
    expect(answerParts(marked)).toEqual(parts);
    expect(answerParts('analysisUser greets.assistantfinalHello!')).toEqual(parts);
    expect(answerParts('analysisUser gre')).toEqual([thought('User gre', true)]);
    for (const text of ['analysis of the text', 'Analysis: fine. The assistantfinal word.']) {
      expect(answerParts(text)).toEqual([said(text)]);
    }
  });
});

describe('a tool call', () => {
  const call = { kind: 'toolCall', name: 'weather', input: '{\n  "city": "Oslo"\n}' };

  it('is found in what is said', () => {
    const text = 'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';
    expect(answerParts(text)).toEqual([said('Let me look.'), call]);
    expect(answerParts('[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Oslo"}}]')).toEqual([call]);
    const harmony = '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city":"Oslo"}<|call|>';
    expect(answerParts(harmony)).toEqual([call]);
    expect(answerParts('analysisLook it up.assistantcommentary to=functions.weather json{"city":"Oslo"}')).toEqual([
      thought('Look it up.'),
      call,
    ]);
  });

  it('that is not whole is shown as it is', () => {
    expect(answerParts('<tool_call>\n{"name": "wea')).toEqual([{ kind: 'toolCall', name: '', input: '{"name": "wea' }]);
    expect(answerParts('[TOOL_CALLS] [{"name"')).toEqual([{ kind: 'toolCall', name: '', input: '[{"name"' }]);
  });
});

it('what is said is all that is copied', () => {
  expect(saidText('<think>Hm.</think>One.\n<tool_call>{"name":"x"}</tool_call>\nTwo.')).toBe('One.\n\nTwo.');
  expect(answerParts('  ')).toEqual([]);
});
