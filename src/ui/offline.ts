/**
 * The page without a network: a service worker keeps the shell and the built-in model. A new version waits until the visitor
 * agrees to it, since it takes a reload and a conversation may be under way. Knows nothing of models.
 */
import { registerSW } from 'virtual:pwa-register';

/** `onUpdate` gets the function that changes to the new version: it reloads the page. */
export function keepOffline(onUpdate: (apply: () => void) => void): void {
  const update = registerSW({
    onNeedRefresh: () => {
      onUpdate(() => void update(true));
    },
    // Private windows and plain http have no service workers; the page works without.
    onRegisterError: () => undefined,
  });
}
