/**
 * The brand that keeps token ids apart from other numbers (positions, counts, block ids).
 * It knows no vocabulary: whether an id exists is the tokenizer's business.
 */
export type TokenId = number & { readonly __brand: 'TokenId' };

/** The one place where a number becomes a token id: metadata, the wire and read-backs pass through here. */
export function tokenId(value: number): TokenId {
  return value as TokenId;
}
