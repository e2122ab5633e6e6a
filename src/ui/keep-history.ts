/**
 * Conversations that outlive the page, put together: where they are kept, the list of them, and the address that names the one
 * on the screen. Our own page's; an embed has none of it.
 */
import { randomId } from './ids.ts';
import type { HistoryPage, KeptHistory } from './start-options.ts';
import { HistoryController } from './state/history-controller.ts';
import { openHistoryStore } from './state/history-store.ts';
import './views/history.ts';

export function keepHistory({ store, show }: HistoryPage): KeptHistory {
  const controller = new HistoryController({
    kept: openHistoryStore(),
    store,
    nowMs: () => Date.now(),
    newId: randomId,
    saveFile,
    show,
  });
  const { actions } = controller;
  return {
    actions,
    flush: () => {
      controller.flush();
    },
    async start() {
      const linked = new URLSearchParams(location.hash.slice(1)).get('chat');
      await controller.start();
      if (linked !== null) actions.openChat(linked);
      let shown = '';
      store.subscribe(({ conversation }) => {
        const hash = conversation.turns.length === 0 ? '' : `#chat=${encodeURIComponent(conversation.id)}`;
        if (hash === shown) return;
        shown = hash;
        history.replaceState(null, '', hash === '' ? location.pathname + location.search : hash);
      });
    },
  };
}

function saveFile(name: string, text: string, mimeType: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: mimeType }));
  link.download = name;
  link.click();
  // The download has its own hold on the blob by then.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 10_000);
}
