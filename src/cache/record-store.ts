/**
 * Small things to remember beside the models: what was found out about a device. Where they are kept is not known here; what
 * comes back may be of any shape, since another version may have written it.
 */
export interface RecordStore {
  /** Undefined when there is none. */
  readRecord(name: string): Promise<unknown>;
  writeRecord(name: string, value: unknown): Promise<void>;
}

/** Forgets with the page: for tests, and where nothing may be stored. */
export class MemoryRecords implements RecordStore {
  readonly #records = new Map<string, unknown>();

  readRecord(name: string): Promise<unknown> {
    return Promise.resolve(structuredClone(this.#records.get(name)));
  }

  writeRecord(name: string, value: unknown): Promise<void> {
    this.#records.set(name, structuredClone(value));
    return Promise.resolve();
  }
}
