/**
 * The grammars of one model: its vocabulary as the engine wants it, and the grammars compiled for it, of which the latest are kept.
 * Knows no requests and no GPU.
 */
import type { Grammar } from '../api.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { tokenId, type TokenId } from '../tokens.ts';
import { grammarError } from './ebnf.ts';
import type { EngineCompiledGrammar, EngineCompiler, EngineModule, EngineTokenizerInfo } from './engine-module.ts';
import { readGrammar, type GrammarEngine } from './grammar-engine.ts';
import type { GrammarSource } from './grammar-source.ts';
import { TokenMatcher } from './token-matcher.ts';

/** Kept, compiled: some 0.1 to 10 MB each. */
const MAX_COMPILED = 16;

interface Opened {
  readonly module: EngineModule;
  readonly info: EngineTokenizerInfo;
  readonly compiler: EngineCompiler;
  /** By source, the one used longest ago first. */
  readonly compiled: Map<string, Promise<EngineCompiledGrammar>>;
}

/** For a host; one may have no engine for them. */
export function grammarsFor(
  tokenizer: Tokenizer,
  { vocabSize }: { readonly vocabSize: number },
  { grammarEngine }: { readonly grammarEngine?: GrammarEngine },
): { readonly grammars?: ModelGrammars } {
  return grammarEngine === undefined ? {} : { grammars: new ModelGrammars(grammarEngine, tokenizer, vocabSize) };
}

export class ModelGrammars {
  readonly #engine: GrammarEngine;
  readonly #tokenizer: Tokenizer;
  readonly #numLogits: number;
  /** By the control tokens that are part of texts. */
  readonly #opened = new Map<string, Promise<Opened>>();

  /** @param numLogits Of a row; may be more than there are tokens. */
  constructor(engine: GrammarEngine, tokenizer: Tokenizer, numLogits: number) {
    this.#engine = engine;
    this.#tokenizer = tokenizer;
    this.#numLogits = numLogits;
  }

  /** At the start of an answer, whose text has these control tokens too. To be disposed of. @throws GrammarFailed, BlockedByPolicy */
  async matcherFor(grammar: Grammar, shown: ReadonlySet<TokenId> = new Set()): Promise<TokenMatcher> {
    // Fetched when a request first has a grammar.
    const { grammarSource } = await import('./grammar-source.ts');
    const source = grammarSource(grammar);
    const opened = await this.#open(shown);
    const { module, compiled } = opened;
    const key = JSON.stringify(source);
    const known = compiled.get(key);
    const compiling = known ?? this.#compile(source, opened);
    compiled.delete(key);
    compiled.set(key, compiling);
    try {
      const matcher = await module.GrammarMatcher.createGrammarMatcher(await compiling);
      this.#makeRoom(compiled);
      return new TokenMatcher(matcher, {
        numTokens: Math.min(this.#tokenizer.vocabSize, this.#numLogits),
        isEnd: (id) => this.#tokenizer.isEndOfGeneration(id),
        hasFailed: () => this.#engine.hasFailed(module),
        onFailure: () => {
          this.#engine.giveUp(module);
        },
      });
    } catch (error) {
      compiled.delete(key);
      throw error;
    }
  }

  /** The model is gone: what the engine holds of it is let go. Matchers in use keep what they need. */
  async dispose(): Promise<void> {
    const all = [...this.#opened.values()];
    this.#opened.clear();
    for (const opened of await Promise.allSettled(all)) {
      if (opened.status === 'rejected' || this.#engine.hasFailed(opened.value.module)) continue;
      const { info, compiler, compiled } = opened.value;
      for (const grammar of await Promise.allSettled(compiled.values()))
        if (grammar.status === 'fulfilled') grammar.value.dispose();
      compiler.dispose();
      info.dispose();
    }
  }

  async #compile(source: GrammarSource, opened: Opened): Promise<EngineCompiledGrammar> {
    const { module, compiler } = opened;
    await this.#engine.check(source);
    try {
      const grammar = await readGrammar(module, source);
      const compiled = await compiler.compileGrammar(grammar);
      grammar.dispose();
      return compiled;
    } catch (error) {
      this.#engine.giveUp(module);
      throw grammarError(`The grammar is too much for the engine (${String(error)}).`, { cause: error });
    }
  }

  /** Matchers in use keep what they need. */
  #makeRoom(compiled: Opened['compiled']): void {
    for (const [oldest, grammar] of compiled) {
      if (compiled.size <= MAX_COMPILED) break;
      compiled.delete(oldest);
      void grammar.then(
        (old) => {
          old.dispose();
        },
        () => undefined,
      );
    }
  }

  async #open(shown: ReadonlySet<TokenId>): Promise<Opened> {
    const key = [...shown].sort((a, b) => a - b).join();
    const opening = this.#opened.get(key) ?? this.#openNow(shown);
    this.#opened.set(key, opening);
    try {
      const opened = await opening;
      if (!this.#engine.hasFailed(opened.module)) return opened;
    } catch (error) {
      if (this.#opened.get(key) === opening) this.#opened.delete(key);
      throw error;
    }
    if (this.#opened.get(key) === opening) this.#opened.delete(key);
    return this.#open(shown);
  }

  async #openNow(shown: ReadonlySet<TokenId>): Promise<Opened> {
    const { vocabSize } = this.#tokenizer;
    const ids = Array.from({ length: Math.min(vocabSize, this.#numLogits) }, (_, id) => tokenId(id));
    const endIds = ids.filter((id) => this.#tokenizer.isEndOfGeneration(id));
    if (endIds.length === 0) {
      throw grammarError(
        'This model has no end token, so that an answer under a grammar could not end. Use another one.',
      );
    }
    // Other control tokens have no bytes: they are part of no text.
    const vocabulary = ids.map((id) => this.#tokenizer.decodeBytes(id, { special: shown.has(id) }));
    const module = await this.#engine.follower();
    const info = await module.TokenizerInfo.createTokenizerInfo(vocabulary, 'raw', false, this.#numLogits, endIds);
    const compiler = await module.GrammarCompiler.createGrammarCompiler(info, false);
    return { module, info, compiler, compiled: new Map() };
  }
}
