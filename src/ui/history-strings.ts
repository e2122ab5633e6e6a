/** What the list of conversations says; apart from the other sentences, because an embed has no such list. */
export const english = {
  searchChats: 'Search',
  noChats: 'Nothing yet. What you say is kept on this device, and nowhere else.',
  noChatFound: 'No conversation says that.',
  chatsStayHere: 'They are kept in this browser, on this device.',
  rename: 'Rename',
  newTitle: 'Title',
  deleteChatAsk: 'Delete this conversation for good?',
  exportOne: 'Export as Markdown',
  exportAll: 'Export all',
  importChats: 'Import',
  importFailed: 'This file holds no conversations that were exported here.',
  imported: (count: number, damaged: number) =>
    `${String(count)} ${count === 1 ? 'conversation' : 'conversations'} imported${damaged === 0 ? '' : `, ${String(damaged)} damaged left out`}.`,
  historyNotKept: (why: string) => `Conversations cannot be kept in this browser. ${why}`,
};

/** Its shape, in any language. */
export type HistoryStrings = typeof english;

/** In the language that is spoken; what stands here is looked up when something is rendered. */
export let historyStrings: HistoryStrings = english;

/** For language.ts alone. */
export function setHistoryStrings(words: HistoryStrings): void {
  historyStrings = words;
}
