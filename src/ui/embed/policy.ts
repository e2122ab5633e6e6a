/**
 * Whether the Content-Security-Policy of the page lets the chat work, found out by trying what is needed and by what the browser
 * then reports. A refusal becomes the named error `BlockedByPolicy` with the directive to add. It knows nothing of models.
 */
import type { ModelSource } from '../../worker/api.ts';

const HUB = 'https://huggingface.co';
/** The hub sends downloads on to hosts of these names. */
const HUB_HOSTS = `${HUB} https://*.hf.co https://*.huggingface.co`;
/** A report may come a little later than the failure it explains. */
const REPORT_MS = 250;

/** What a page's policy refused. `directive` is what to add to it. */
export class BlockedByPolicy extends Error {
  override readonly name = 'BlockedByPolicy';
  readonly directive: string;

  constructor(directive: string) {
    super(`The Content-Security-Policy of this page blocks it. Add: ${directive}`);
    this.directive = directive;
  }
}

/**
 * The result of `attempt`. Throws BlockedByPolicy with `directive` where it fails while the page's policy refuses something of
 * that kind; else what it throws.
 */
export async function underPolicy<Result>(directive: string, attempt: () => Promise<Result>): Promise<Result> {
  const [kind = ''] = directive.split(' ');
  const refusal = new Refusal(kind.replace('-src', ''));
  try {
    return await attempt();
  } catch (thrown) {
    throw (await refusal.seen()) ? new BlockedByPolicy(directive) : thrown;
  } finally {
    refusal.stop();
  }
}

/** Whether the page may start a worker from a blob, which is how the engine starts in a page of another origin. */
export async function checkWorkers(): Promise<void> {
  await underPolicy('worker-src blob:', async () => {
    const url = URL.createObjectURL(new Blob(['postMessage(0)'], { type: 'text/javascript' }));
    let worker: Worker | undefined;
    try {
      worker = new Worker(url);
      await firstAnswer(worker);
    } finally {
      worker?.terminate();
      URL.revokeObjectURL(url);
    }
  });
}

/**
 * Rejects with BlockedByPolicy when the page may not speak to the hosts of a model, which holds for its workers too; else it stays
 * open. The engine tries for half a minute before it gives a host up, and cannot tell why.
 */
export async function whenForbidden(source: ModelSource): Promise<never> {
  const [url, hosts] = addressOf(source);
  if (url !== undefined) {
    try {
      await underPolicy(`connect-src ${hosts}`, () => fetch(url, { method: 'HEAD', mode: 'no-cors' }));
    } catch (thrown) {
      if (thrown instanceof BlockedByPolicy) throw thrown;
    }
  }
  return new Promise(() => undefined);
}

function addressOf(source: ModelSource): readonly [url: string | undefined, hosts: string] {
  switch (source.kind) {
    case 'url':
      return [source.url, new URL(source.url).origin];
    case 'huggingFace':
      return [`${HUB}/${source.repo}/resolve/${source.revision ?? 'main'}/${source.file ?? 'README.md'}`, HUB_HOSTS];
    case 'file':
    case 'cached':
      return [undefined, ''];
  }
}

/** Resolves with the first message; rejects when the worker fails. */
function firstAnswer(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = () => {
      resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error('no worker can be started in this page'));
    };
  });
}

/** Listens for what the browser reports of refusals of one kind (`worker`, `connect`, `script`) that are enforced. */
class Refusal {
  readonly #kind: string;
  readonly #listening = new AbortController();
  #seen = false;
  #tell: () => void = () => undefined;

  constructor(kind: string) {
    this.#kind = kind;
    document.addEventListener(
      'securitypolicyviolation',
      ({ disposition, effectiveDirective }) => {
        if (disposition !== 'enforce' || !effectiveDirective.startsWith(this.#kind)) return;
        this.#seen = true;
        this.#tell();
      },
      { signal: this.#listening.signal },
    );
  }

  /** Whether there was one, or comes one within a moment. */
  async seen(): Promise<boolean> {
    if (this.#seen) return true;
    await new Promise<void>((resolve) => {
      this.#tell = resolve;
      setTimeout(resolve, REPORT_MS);
    });
    return this.#seen;
  }

  stop(): void {
    this.#listening.abort();
  }
}
