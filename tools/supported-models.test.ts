/** The README's table of architectures is the one that the registry gives. */
import { expect, it } from 'vitest';
import { readReadme, supportedModelsTable, withSupportedModels } from './supported-models.ts';

it('is current: run `npm run models:table` when this fails', () => {
  const readme = readReadme();
  expect(withSupportedModels(readme)).toBe(readme);
});

it('has a row for each architecture, and is put where the old one was', () => {
  const table = supportedModelsTable();
  expect(table).toMatch(/^\| `qwen3` +\| Qwen 3/m);
  const [begin, end] = ['<!-- supported models: npm run models:table -->', '<!-- end of supported models -->'];
  expect(withSupportedModels(`a\n${begin}\nold\n${end}\nb`)).toBe(`a\n${begin}\n\n${table}\n\n${end}\nb`);
  expect(() => withSupportedModels('nothing')).toThrow('README.md has no lines');
});
