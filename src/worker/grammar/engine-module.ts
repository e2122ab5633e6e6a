/** What is used of XGrammar (`@mlc-ai/web-xgrammar`), a grammar engine in WebAssembly: types only. */

interface Disposable {
  dispose(): void;
}

export type EngineGrammar = Disposable;
export type EngineTokenizerInfo = Disposable;
export type EngineCompiledGrammar = Disposable;

export interface EngineCompiler extends Disposable {
  compileGrammar(grammar: EngineGrammar): Promise<EngineCompiledGrammar>;
}

export interface EngineMatcher extends Disposable {
  acceptToken(id: number): boolean;
  /** [ceil(vocabSize / 32)], a bit for each token: whether it may come next. */
  getNextTokenBitmask(): Promise<Int32Array>;
  isTerminated(): boolean;
  rollBack(numTokens: number): void;
}

export interface EngineModule {
  readonly Grammar: {
    fromEBNF(text: string, rootRule: string): Promise<EngineGrammar>;
    fromStructuralTag(tag: string): Promise<EngineGrammar>;
  };
  readonly TokenizerInfo: {
    /** `vocabulary`: the bytes of each token; without any: it is never part of a text. `vocabSize`: tokens that have logits. */
    createTokenizerInfo(
      vocabulary: readonly Uint8Array[],
      kind: 'raw',
      prependsSpace: boolean,
      vocabSize: number,
      endIds: readonly number[],
    ): Promise<EngineTokenizerInfo>;
  };
  readonly GrammarCompiler: {
    createGrammarCompiler(tokenizer: EngineTokenizerInfo, keepsCompiled: boolean): Promise<EngineCompiler>;
  };
  readonly GrammarMatcher: {
    createGrammarMatcher(grammar: EngineCompiledGrammar): Promise<EngineMatcher>;
  };
}

/** A new instance of the engine, that shares nothing with those before it. */
export type ImportEngine = (serial: number) => Promise<EngineModule>;
