/**
 * The part of the contract that is about conversations as things: saved as bytes, restored, forked. Types only, no imports. Pages
 * import it through api.ts.
 */

export interface ConversationRequest {
  readonly client: string;
  readonly request: string;
  readonly model: string;
  /** Of the same client. No answer of it may be on its way. */
  readonly conversation: string;
}

export interface SaveRequest extends ConversationRequest {
  /** Kept in the bytes and handed back with them: what the client wants to know of the conversation. */
  readonly note?: string;
}

/** A conversation as bytes, and what is in them. */
export interface SavedConversation {
  /**
   * Tokens, and what was computed of them: a few megabytes to a few hundred. For the same file with the same `kvType` and
   * `precision`, on any device. What was said can be read out of them.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly numTokens: number;
  /** Of these, the ones that need not be computed again: all but the last, unless the cache had to make room meanwhile. */
  readonly numComputedTokens: number;
}

export interface RestoreRequest extends ConversationRequest {
  /** What `saveConversation` gave. A Blob is read in pieces, and never held as a whole. */
  readonly bytes: Uint8Array<ArrayBuffer> | Blob;
}

/** What was found in the bytes of a conversation. */
export interface RestoredConversation {
  /** All that are known, prompt and answers. */
  readonly numTokens: number;
  /** Of these, the ones that need not be computed again. */
  readonly numComputedTokens: number;
  /**
   * It was computed on this kind of device by the same kernels, and goes on as it would have there, to the bit. Where it was not, it
   * goes on from what was computed there, and its next tokens are rounded as they are here.
   */
  readonly sameDevice: boolean;
  /** As it was saved. */
  readonly note: string | undefined;
}

export interface ForkRequest extends ConversationRequest {
  /** What the second conversation is called. One of that name is replaced. */
  readonly asNew: string;
}
