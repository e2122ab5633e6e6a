/**
 * The grammars of one model: its vocabulary as the engine wants it, and the grammars compiled for it, of which the latest are kept.
 * Knows no requests and no GPU.
 */
import type { Grammar } from '../api.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { tokenId } from '../tokens.ts';
import { grammarError } from './ebnf.ts';
import type { EngineCompiledGrammar, EngineCompiler, EngineModule } from './engine-module.ts';
import { readGrammar, type GrammarEngine } from './grammar-engine.ts';
import { grammarSource, type GrammarSource } from './grammar-source.ts';
import { TokenMatcher } from './token-matcher.ts';

/** Kept, compiled: some 0.1 to 10 MB each. */
const MAX_COMPILED = 16;

interface Opened {
  readonly module: EngineModule;
  readonly compiler: EngineCompiler;
  /** Nothing that was made in this instance can be used any more. */
  failed: boolean;
  /** By source, the one used longest ago first. */
  readonly compiled: Map<string, Promise<EngineCompiledGrammar>>;
}

export class ModelGrammars {
  readonly #engine: GrammarEngine;
  readonly #tokenizer: Tokenizer;
  readonly #numLogits: number;
  #opened: Promise<Opened> | undefined;

  /** @param numLogits Of a row; may be more than there are tokens. */
  constructor(engine: GrammarEngine, tokenizer: Tokenizer, numLogits: number) {
    this.#engine = engine;
    this.#tokenizer = tokenizer;
    this.#numLogits = numLogits;
  }

  /** At the start of an answer. To be disposed of. @throws GrammarFailed, BlockedByPolicy */
  async matcherFor(grammar: Grammar): Promise<TokenMatcher> {
    const source = grammarSource(grammar);
    const opened = await this.#open();
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
        hasFailed: () => opened.failed,
        onFailure: () => {
          this.#giveUp(opened);
        },
      });
    } catch (error) {
      compiled.delete(key);
      throw error;
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
      this.#giveUp(opened);
      throw grammarError(`The grammar is too much for the engine (${String(error)}).`, { cause: error });
    }
  }

  /** Matchers in use keep what they need. */
  #makeRoom(compiled: Opened['compiled']): void {
    for (const [oldest, grammar] of compiled) {
      if (compiled.size <= MAX_COMPILED) break;
      compiled.delete(oldest);
      void grammar.then((old) => {
        old.dispose();
      });
    }
  }

  #open(): Promise<Opened> {
    const opening = (this.#opened ??= this.#openNow());
    return opening.catch((error: unknown) => {
      if (this.#opened === opening) this.#opened = undefined;
      throw error;
    });
  }

  async #openNow(): Promise<Opened> {
    const { vocabSize } = this.#tokenizer;
    const ids = Array.from({ length: Math.min(vocabSize, this.#numLogits) }, (_, id) => tokenId(id));
    const endIds = ids.filter((id) => this.#tokenizer.isEndOfGeneration(id));
    if (endIds.length === 0) {
      throw grammarError(
        'This model has no end token, so that an answer under a grammar could not end. Use another one.',
      );
    }
    // Control tokens have no bytes: they are part of no text.
    const vocabulary = ids.map((id) => this.#tokenizer.decodeBytes(id, { special: false }));
    const module = await this.#engine.follower();
    const info = await module.TokenizerInfo.createTokenizerInfo(vocabulary, 'raw', false, this.#numLogits, endIds);
    const compiler = await module.GrammarCompiler.createGrammarCompiler(info, false);
    return { module, compiler, failed: false, compiled: new Map() };
  }

  #giveUp(opened: Opened): void {
    opened.failed = true;
    this.#opened = undefined;
    this.#engine.giveUp(opened.module);
  }
}
