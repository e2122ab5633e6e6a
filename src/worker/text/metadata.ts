/**
 * What the text part needs to know of a model file: its key-value pairs, by key.
 * It knows no file format; the GGUF header reader has this shape, and so has a plain object in a test.
 */
export interface TokenizerMetadata {
  /** The value of `key`, or undefined when it is absent; what another type means is the reader's business. So for all. */
  string(key: string): string | undefined;
  number(key: string): number | undefined;
  boolean(key: string): boolean | undefined;
  strings(key: string): readonly string[] | undefined;
  numbers(key: string): ArrayLike<number> | undefined;
}
