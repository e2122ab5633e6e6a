/** Conversations as they are kept, found, exported and imported, damaged ones among them; and the controller that does it. */
import { describe, expect, it } from 'vitest';
import { initialState, type AppState } from './app-state.ts';
import { ask, emptyConversation, failAnswer, regenerate, type Conversation } from './conversation.ts';
import { HistoryController } from './history-controller.ts';
import {
  exportJson,
  exportMarkdown,
  importConversations,
  parseSaved,
  searchHistory,
  titleOf,
  toSaved,
} from './history.ts';
import type { HistoryStore } from './history-store.ts';
import { createStore, type Store } from './store.ts';

const STOPPED = { name: 'Aborted', message: 'stopped' } as const;

function talk(id: string, ...questions: string[]): Conversation {
  return questions.reduce((so, question) => failAnswer(ask(so, question), STOPPED), emptyConversation(id));
}

describe('a kept conversation', () => {
  it('comes back from storage as it was, branches included; an unfinished answer as an interrupted one', () => {
    const whole = toSaved(failAnswer(regenerate(talk('a', 'Hello  there')), STOPPED), 5);
    const back = parseSaved(JSON.parse(JSON.stringify(whole)));
    expect(back?.title).toBe('Hello there');
    expect(back?.conversation.branches).toHaveLength(1);
    expect(back?.conversation.nextTurnId).toBe(4);
    const unfinished = parseSaved(JSON.parse(JSON.stringify(toSaved(ask(emptyConversation('b'), 'Hi'), 1))));
    expect(unfinished?.conversation.turns.at(-1)).toMatchObject({
      answer: { status: 'failed', failure: { name: 'Aborted' } },
    });
  });

  it('is refused when it is damaged', () => {
    const good = JSON.parse(JSON.stringify(toSaved(talk('a', 'Hello'), 1))) as Record<string, unknown>;
    const turns = talk('a', 'Hello').turns;
    for (const bad of [
      null,
      7,
      [],
      { ...good, id: 3 },
      { ...good, updatedMs: 'now' },
      { ...good, conversation: { turns: 'none', branches: [] } },
      { ...good, conversation: { turns: [{ kind: 'user', id: 0, text: 'x' }], branches: [] } },
      { ...good, conversation: { turns: [...turns, ...turns], branches: [] } },
      { ...good, conversation: { turns, branches: [{ parent: 1, turns: [] }] } },
    ]) {
      expect(parseSaved(bad), JSON.stringify(bad)).toBeUndefined();
    }
    expect(parseSaved(good)).toBeDefined();
  });

  it('is named by its first question, shortened, until the visitor names it', () => {
    expect(titleOf(talk('a', `${'word '.repeat(40)}end`))).toMatch(/^(word ){11}.{0,4}…$/);
    const named = { ...toSaved(talk('a', 'Hello'), 1), title: 'Mine', named: true };
    expect(toSaved(talk('a', 'Hello', 'More'), 2, named).title).toBe('Mine');
  });

  it('is found by all words of a query, wherever they stand, newest first', () => {
    const history = [toSaved(talk('a', 'The red fox', 'And a LANTERN'), 1), toSaved(talk('b', 'A blue lantern'), 2)];
    const found = (query: string): string[] => searchHistory(history, query).map(({ id }) => id);
    expect(found('lantern')).toEqual(['b', 'a']);
    expect(found('fox lantern')).toEqual(['a']);
    expect(found('owl')).toEqual([]);
    expect(found('')).toEqual(['b', 'a']);
  });

  it('is exported as JSON that is imported again, and as Markdown for people', () => {
    const history = [toSaved(talk('a', 'Hello'), 1)];
    expect(importConversations(exportJson(history))).toEqual({
      conversations: [parseSaved(JSON.parse(JSON.stringify(history[0])))],
      numDamaged: 0,
    });
    expect(importConversations('{"conversations": []}')).toBeUndefined();
    expect(importConversations('not JSON')).toBeUndefined();
    const damaged = JSON.stringify({ format: 'linnet-conversations', version: 1, conversations: [history[0], 7] });
    expect(importConversations(damaged)).toMatchObject({ conversations: [{ id: 'a' }], numDamaged: 1 });
    const [saved] = history;
    if (saved === undefined) throw new Error('there is one');
    expect(exportMarkdown(saved, { user: 'You', assistant: 'It' })).toBe('# Hello\n\n**You**\n\nHello\n\n**It**\n\n\n');
  });
});

interface Bench {
  readonly store: Store<AppState>;
  readonly kept: Map<string, unknown>;
  readonly files: string[];
  readonly controller: HistoryController;
  readonly set: (conversation: Conversation) => void;
}

function bench(kept = new Map<string, unknown>(), overrides: Partial<HistoryStore> = {}): Bench {
  const store = createStore(initialState({ conversationId: 'first' }));
  const files: string[] = [];
  let numIds = 0;
  const set = (conversation: Conversation): void => {
    store.update((state) => ({ ...state, conversation }));
  };
  const controller = new HistoryController({
    kept: {
      readAll: () => Promise.resolve([...kept.values()]),
      write: (id, value) => Promise.resolve(void kept.set(id, JSON.parse(JSON.stringify(value)))),
      remove: (id) => Promise.resolve(void kept.delete(id)),
      ...overrides,
    },
    store,
    nowMs: () => 1000 + kept.size,
    newId: () => `new-${String(++numIds)}`,
    saveFile: (name) => files.push(name),
    show: (conversation) => {
      controller.flush();
      set(conversation);
    },
  });
  return { store, kept, files, controller, set };
}

describe('the controller', () => {
  it('writes what was said when nothing is being answered, and before it leaves the screen', async () => {
    const { kept, controller, set } = bench();
    await controller.start();
    set(ask(emptyConversation('first'), 'Hello'));
    expect(kept.size).toBe(0);
    controller.flush();
    expect([...kept.keys()]).toEqual(['first']);
    set(talk('second', 'Other'));
    expect([...kept.keys()]).toEqual(['first', 'second']);
    set(emptyConversation('third'));
    expect(kept.size).toBe(2);
  });

  it('opens, renames and deletes; what is deleted leaves the screen', async () => {
    const { store, kept, controller } = bench(new Map([['a', toSaved(talk('a', 'Hello'), 1)]]));
    await controller.start();
    controller.actions.openChat('a');
    expect(store.state.conversation.turns).toHaveLength(2);
    controller.actions.renameChat('a', '  Mine ');
    controller.actions.renameChat('a', '   ');
    expect(kept.get('a')).toMatchObject({ title: 'Mine', named: true });
    controller.actions.deleteChat('a');
    expect(kept.size).toBe(0);
    expect(store.state).toMatchObject({ history: [], conversation: { id: 'new-1', turns: [] } });
    controller.actions.openChat('gone');
    expect(store.state.conversation.id).toBe('new-1');
  });

  it('leaves the date of what is only opened, and what is deleted stays deleted though it is being answered', async () => {
    const { store, kept, controller, set } = bench(new Map([['a', toSaved(talk('a', 'Hello'), 1)]]));
    await controller.start();
    controller.actions.openChat('a');
    expect(kept.get('a')).toMatchObject({ updatedMs: 1 });
    set(ask(store.state.conversation, 'More'));
    controller.actions.deleteChat('a');
    set(talk('a', 'Hello', 'More'));
    expect(kept.size).toBe(0);
    await controller.actions.importChats(new File([exportJson([toSaved(talk('a', 'Hello'), 1)])], 'x.json'));
    set(talk('a', 'Hello', 'Again'));
    expect(kept.get('a')).toMatchObject({ updatedMs: 1001 });
  });

  it('imports beside what is there, and says when a file is none of ours', async () => {
    const { store, kept, files, controller } = bench(new Map([['a', toSaved(talk('a', 'Hello'), 1)]]));
    await controller.start();
    const file = new File([exportJson([toSaved(talk('a', 'Other'), 1), toSaved(talk('b', 'More'), 2)])], 'x.json');
    await controller.actions.importChats(file);
    expect([...kept.keys()].sort()).toEqual(['a', 'b', 'new-1']);
    expect(kept.get('a')).toMatchObject({ title: 'Hello' });
    expect(kept.get('new-1')).toMatchObject({ title: 'Other', conversation: { id: 'new-1' } });
    await controller.actions.importChats(new File(['{}'], 'y.json'));
    expect(store.state.notice).toMatch(/no conversations/);
    controller.actions.exportChats();
    controller.actions.exportChat('b');
    expect(files).toEqual(['linnet-conversations.json', 'More.md']);
  });

  it('says once that nothing can be kept, and works without', async () => {
    const refused = (): Promise<never> => Promise.reject(new Error('no storage here'));
    const { store, controller, set } = bench(new Map(), { readAll: refused, write: refused });
    await controller.start();
    expect(store.state.notice).toMatch(/no storage here/);
    store.update((state) => ({ ...state, notice: undefined }));
    set(talk('first', 'Hello'));
    await Promise.resolve();
    await Promise.resolve();
    expect(store.state.notice).toBeUndefined();
    expect(store.state.history).toHaveLength(1);
  });
});
