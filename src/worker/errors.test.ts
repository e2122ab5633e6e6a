import { expect, expectTypeOf, it } from 'vitest';
import type { CacheErrorName } from '../cache/errors.ts';
import type { LinnetErrorName } from './api.ts';
import { abortedError } from './errors.ts';

it('every name of the cache is a name of the contract, so that its errors cross the wire as they are', () => {
  expectTypeOf<CacheErrorName>().toExtend<LinnetErrorName>();
  const name: LinnetErrorName = abortedError().name satisfies CacheErrorName | LinnetErrorName;
  expect(name).toBe('Aborted');
});
