/** In place of `grammar-source.ts` where there is no engine for grammars, and none is ever read. */
import { LinnetError } from '../errors.ts';

export function grammarSource(): never {
  throw new LinnetError('GrammarFailed', 'This build of the engine has no grammars. Use the package or the page.');
}
