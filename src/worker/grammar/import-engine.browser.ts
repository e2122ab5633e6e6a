/** The grammar engine in a real browser: its script makes a new instance for each address, and says what is wrong with rules. */
import { describe, expect, it } from 'vitest';
import { GrammarEngine, readGrammar } from './grammar-engine.ts';
import { grammarSource } from './grammar-source.ts';
import { importEngine } from './import-engine.ts';

describe('the grammar engine in a page', () => {
  it('is imported as often as asked, reads rules, and refuses others with its own words', async () => {
    if (importEngine === undefined) throw new Error('this build has none');
    const [first, second] = [await importEngine(101), await importEngine(102)];
    expect(first.Grammar).not.toBe(second.Grammar);
    const engine = new GrammarEngine(importEngine);
    const source = grammarSource({ kind: 'regex', pattern: '[é-ü]+' });
    await engine.check(source);
    (await readGrammar(await engine.follower(), source)).dispose();
    await expect(engine.check({ kind: 'ebnf', text: 'root ::= other', root: 'root' })).rejects.toMatchObject({
      name: 'GrammarFailed',
      message: expect.stringContaining('"other" is not defined') as string,
    });
    await engine.check(source);
  });
});
