/**
 * A value, a way to replace it, and a way to hear of it. It knows nothing of what the value is, and keeps no history.
 */
export interface Store<State> {
  readonly state: State;
  /** Replaces the state; listeners hear of it only when it is another object. */
  readonly update: (change: (state: State) => State) => void;
  /** Returns the way to stop listening. */
  readonly subscribe: (listener: (state: State) => void) => () => void;
}

export function createStore<State>(initial: State): Store<State> {
  let current = initial;
  const listeners = new Set<(state: State) => void>();
  return {
    get state() {
      return current;
    },
    update(change) {
      const next = change(current);
      if (Object.is(next, current)) return;
      current = next;
      for (const listener of [...listeners]) listener(current);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
