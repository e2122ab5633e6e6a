/**
 * The grammar engine: loaded when a request first has a grammar, in two instances. In one, grammars are read to see whether they
 * can be: an instance that refuses one is damaged (it aborts, and its stack is not taken back), so it is given up after a few. In
 * the other, those that could be read are compiled and followed. Knows no models and no requests.
 */
import { LinnetError } from '../errors.ts';
import { grammarError } from './ebnf.ts';
import type { EngineCompiler, EngineGrammar, EngineModule, ImportEngine } from './engine-module.ts';
import type { GrammarSource } from './grammar-source.ts';
import { Mutex } from '../mutex.ts';

/** Refusals an instance survives: each leaves some 2 KB of its stack of 64 KB behind. */
const MAX_REFUSALS = 6;

interface Instance {
  readonly module: EngineModule;
  /** For a vocabulary of bytes, with which a grammar is compiled to see whether it can be. */
  readonly compiler: EngineCompiler;
  /** What it said, the newest last. */
  readonly log: string[];
  numRefusals: number;
}

export class GrammarEngine {
  readonly #import: ImportEngine;
  /** What the reader says is of one grammar at a time. */
  readonly #checks = new Mutex();
  #numImports = 0;
  /** The end of the import under way: two at once would take each other's. */
  #importing: Promise<unknown> = Promise.resolve();
  #reader: Promise<Instance> | undefined;
  #follower: Promise<Instance> | undefined;
  readonly #failed = new WeakSet<EngineModule>();

  constructor(importEngine: ImportEngine) {
    this.#import = importEngine;
  }

  /** The instance in which grammars are compiled and followed. @throws GrammarFailed, BlockedByPolicy when it cannot be loaded */
  async follower(): Promise<EngineModule> {
    const instance = (this.#follower ??= this.#load());
    try {
      return (await instance).module;
    } catch (error) {
      if (this.#follower === instance) this.#follower = undefined;
      throw error;
    }
  }

  /** The instance has failed: what was made in it is void, and the next caller gets a new one. */
  giveUp(module: EngineModule): void {
    this.#failed.add(module);
    const instance = this.#follower;
    void instance?.then((loaded) => {
      if (loaded.module === module && this.#follower === instance) this.#follower = undefined;
    });
  }

  /** Whether nothing that was made in the instance can be used. */
  hasFailed(module: EngineModule): boolean {
    return this.#failed.has(module);
  }

  /** Whether the engine can read a grammar, one after the other. @throws GrammarFailed with what it says where it cannot */
  check(source: GrammarSource): Promise<void> {
    return this.#checks.run(() => this.#checkNow(source));
  }

  async #checkNow(source: GrammarSource): Promise<void> {
    const loading = (this.#reader ??= this.#load());
    const instance = await loading.catch((error: unknown) => {
      if (this.#reader === loading) this.#reader = undefined;
      throw error;
    });
    instance.log.length = 0;
    try {
      const grammar = await readGrammar(instance.module, source);
      (await instance.compiler.compileGrammar(grammar)).dispose();
      grammar.dispose();
    } catch (error) {
      instance.numRefusals += 1;
      const isRefusal = instance.log.some((line) => line.startsWith('[FATAL]'));
      if ((!isRefusal || instance.numRefusals >= MAX_REFUSALS) && this.#reader === loading) this.#reader = undefined;
      throw grammarError(saidOf(instance.log, source), { cause: error });
    }
  }

  #load(): Promise<Instance> {
    const loading = this.#importing.then(() => this.#loadNow());
    this.#importing = loading.catch(() => undefined);
    return loading;
  }

  async #loadNow(): Promise<Instance> {
    const log: string[] = [];
    try {
      const module = await this.#import(++this.#numImports);
      const compiler = await capturingErrors(log, async () => {
        const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
        const info = await module.TokenizerInfo.createTokenizerInfo(bytes, 'raw', false, 257, [256]);
        return module.GrammarCompiler.createGrammarCompiler(info, false);
      });
      return { module, compiler, log, numRefusals: 0 };
    } catch (error) {
      throw loadError(error);
    }
  }
}

export function readGrammar(module: EngineModule, source: GrammarSource): Promise<EngineGrammar> {
  return source.kind === 'ebnf'
    ? module.Grammar.fromEBNF(source.text, source.root)
    : module.Grammar.fromStructuralTag(source.tag);
}

/** The engine keeps the function for errors that it finds when it starts, and has no other way to say what is wrong. */
/* eslint-disable no-console -- it is the only way in */
async function capturingErrors<Result>(log: string[], start: () => Promise<Result>): Promise<Result> {
  const original = console.error;
  console.error = (...parts: readonly unknown[]) => {
    log.push(parts.map(String).join(' '));
  };
  try {
    return await start();
  } finally {
    console.error = original;
  }
}
/* eslint-enable no-console */

/** Of `[FATAL] file:line: message` the message. */
function saidOf(log: readonly string[], source: GrammarSource): string {
  const fatal = log.findLast((line) => line.startsWith('[FATAL]'));
  const message = fatal?.replace(/^\[FATAL\] \S+:\d+: /, '').replace(/^Check failed: \(.*?\) is false: /, '');
  // Where it trapped, or what it threw says nothing.
  if (message !== undefined) return `The grammar cannot be read: ${message}.`;
  const what = source.kind === 'ebnf' ? 'grammar' : 'structural tag';
  return `The ${what} cannot be read; check it against XGrammar's description.`;
}

function loadError(error: unknown): LinnetError {
  const message = error instanceof Error ? error.message : String(error);
  if (/Content.Security.Policy|unsafe-eval/i.test(message)) {
    return new LinnetError(
      'BlockedByPolicy',
      "This page's policy forbids WebAssembly, which grammars need. Add: script-src 'wasm-unsafe-eval'",
      { cause: error },
    );
  }
  return grammarError(`The grammar engine could not be loaded (${message}). Check the connection and try again.`, {
    cause: error,
  });
}
