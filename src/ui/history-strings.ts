/** What the list of conversations says; apart from the other sentences, because an embed has no such list. */
export const historyStrings = {
  searchChats: 'Search',
  noChats: 'Nothing yet. What you say is kept on this device, and nowhere else.',
  noChatFound: 'No conversation says that.',
  chatsStayHere: 'They are kept in this browser, on this device.',
  rename: 'Rename',
  newTitle: 'Title',
  save: 'Save',
  deleteChatAsk: 'Delete this conversation for good?',
  exportOne: 'Export as Markdown',
  exportAll: 'Export all',
  importChats: 'Import',
  importFailed: 'This file holds no conversations that were exported here.',
  imported: (count: number, damaged: number) =>
    `${String(count)} ${count === 1 ? 'conversation' : 'conversations'} imported${damaged === 0 ? '' : `, ${String(damaged)} damaged left out`}.`,
  historyNotKept: (why: string) => `Conversations cannot be kept in this browser. ${why}`,
} as const;
