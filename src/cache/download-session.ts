/**
 * One file on one server: sends requests for its bytes, follows it through redirects, tries again, and refuses the
 * answers of another version of it. It knows nothing of segments, or of where the bytes go.
 */
import { CacheError, abortedError } from './errors.ts';
import { requestBytes, type Answer } from './http.ts';
import type { CacheHost } from './host.ts';
import type { Span } from './layout.ts';
import { differ, type Validators } from './manifest.ts';
import { MAX_ATTEMPTS, TransientError, backoffMs } from './retry.ts';

/** One file on one server, and what is known of its version. */
export class DownloadSession {
  readonly host: CacheHost;
  readonly #url: string;
  /** Where a redirect led: asked directly, so that the hub is asked once and not for each segment. */
  #redirectedTo: string | undefined;
  #validators: Validators;

  constructor(host: CacheHost, url: string, validators: Validators) {
    this.host = host;
    this.#url = url;
    this.#validators = validators;
  }

  get validators(): Validators {
    return this.#validators;
  }

  /** Throws `SourceChanged` when the answer is of another version than those before. */
  async request(span: Span | undefined, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#send(span, signal);
    if (answer.kind !== 'none' && differ(this.#validators, answer.validators)) {
      await answer.body.close();
      throw sourceChanged();
    }
    this.#validators = { ...answer.validators, ...this.#validators };
    return answer;
  }

  /** `progressed` tells whether bytes came since the last try: then the count of tries begins anew. */
  async withRetry<T>(work: () => Promise<T>, signal: AbortSignal, progressed = (): boolean => false): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) throw abortedError();
        if (!(error instanceof TransientError)) throw error;
        if (progressed()) attempt = 0;
        if (attempt + 1 >= MAX_ATTEMPTS) throw error.final;
        await this.host.delay(backoffMs(attempt, this.host.random(), error.retryAfterMs), signal);
      }
    }
  }

  async #send(span: Span | undefined, signal: AbortSignal): Promise<Answer> {
    const redirectedTo = this.#redirectedTo;
    try {
      const answer = await requestBytes(this.host, redirectedTo ?? this.#url, span, signal);
      if (redirectedTo === undefined && answer.url !== this.#url) this.#redirectedTo = answer.url;
      return answer;
    } catch (error) {
      if (redirectedTo === undefined || !(error instanceof Error) || error instanceof TransientError) throw error;
      // A signed address runs out after a while; the first one leads to a fresh one.
      if (this.#redirectedTo === redirectedTo) this.#redirectedTo = undefined;
      throw new TransientError(error);
    }
  }
}

export function sourceChanged(): CacheError {
  return new CacheError('SourceChanged', 'The file changed on its server since the download began; load it anew.');
}
