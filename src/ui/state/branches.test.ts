/** Versions of questions and answers: nothing that was ever said is lost, and each version brings back what followed it. */
import { describe, expect, it } from 'vitest';
import { setAside, showVersion, versionsAt } from './branches.ts';
import { ask, editTurn, emptyConversation, failAnswer, regenerate, type Conversation } from './conversation.ts';

/** Answers that are over, one way or the other, are all the same to a branch. */
function over(conversation: Conversation): Conversation {
  return failAnswer(conversation, { name: 'Aborted', message: '' });
}

function talk(...questions: string[]): Conversation {
  return questions.reduce((so, question) => over(ask(so, question)), emptyConversation('c'));
}

const texts = (conversation: Conversation): string[] =>
  conversation.turns.map((turn) => (turn.kind === 'user' ? turn.text : `answer ${String(turn.id)}`));

describe('branches', () => {
  it('keep the answer that was asked for again', () => {
    const again = over(regenerate(talk('A')));
    expect(texts(again)).toEqual(['A', 'answer 3']);
    expect(versionsAt(again, 1)).toEqual({ ids: [2, 3], shown: 1 });
    expect(texts(showVersion(again, 2))).toEqual(['A', 'answer 2']);
    expect(versionsAt(showVersion(again, 2), 1)).toEqual({ ids: [2, 3], shown: 0 });
  });

  it('keep an edited question with all that followed it, the first one too', () => {
    const edited = over(editTurn(talk('A', 'B'), 1, 'C'));
    expect(texts(edited)).toEqual(['C', 'answer 6']);
    expect(texts(showVersion(edited, 1))).toEqual(['A', 'answer 2', 'B', 'answer 4']);
    expect(showVersion(showVersion(edited, 1), 5).turns).toEqual(edited.turns);
  });

  it('may lie within branches', () => {
    const inner = over(regenerate(talk('A', 'B'))); // answers 4 and 5 to B
    const outer = over(editTurn(inner, 1, 'C'));
    const back = showVersion(outer, 1);
    expect(texts(back)).toEqual(['A', 'answer 2', 'B', 'answer 5']);
    expect(texts(showVersion(back, 4))).toEqual(['A', 'answer 2', 'B', 'answer 4']);
  });

  it('are left alone by ids that no version has, or that cannot be shown here', () => {
    const inner = over(regenerate(talk('A', 'B')));
    const outer = over(editTurn(inner, 1, 'C'));
    expect(showVersion(outer, 99)).toBe(outer);
    // A version of an answer in a question that is not shown.
    expect(showVersion(outer, 4)).toBe(outer);
    expect(versionsAt(outer, 7)).toEqual({ ids: [], shown: -1 });
    expect(setAside(outer, 99)).toBe(outer);
  });

  it('lose no turn in any order of edits, answers and switches', () => {
    let conversation = talk('A', 'B', 'C');
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const before = conversation.nextTurnId;
      const pick = conversation.turns[random(conversation.turns.length)];
      const kind = random(4);
      if (kind === 0) conversation = over(regenerate(conversation));
      else if (kind === 1 && pick?.kind === 'user')
        conversation = over(editTurn(conversation, pick.id, `v${String(round)}`));
      else if (kind === 2) conversation = over(ask(conversation, `q${String(round)}`));
      else conversation = showVersion(conversation, 1 + random(before));
      const ids = [conversation.turns, ...conversation.branches.map((branch) => branch.turns)]
        .flat()
        .map((turn) => turn.id);
      expect([...ids].sort((a, b) => a - b)).toEqual(
        Array.from({ length: conversation.nextTurnId - 1 }, (_, i) => i + 1),
      );
    }
  });
});
