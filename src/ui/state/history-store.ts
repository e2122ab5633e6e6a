/** Where conversations are kept: one record each in IndexedDB. It knows nothing of what is in one. */
import { createStore, del, set, values, type UseStore } from 'idb-keyval';

export interface HistoryStore {
  /** Everything that is kept, in no order. */
  readonly readAll: () => Promise<readonly unknown[]>;
  readonly write: (id: string, value: unknown) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

/** The page's own store. Every call rejects where the browser lets a page store nothing. */
export function openHistoryStore(databaseName = 'linnet-conversations'): HistoryStore {
  let opened: UseStore | undefined;
  const store = (): UseStore => (opened ??= createStore(databaseName, 'conversations'));
  return {
    readAll: async () => values(store()),
    write: async (id, value) => set(id, value, store()),
    remove: async (id) => del(id, store()),
  };
}
