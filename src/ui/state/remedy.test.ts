import { expect, it } from 'vitest';
import { remediesFor } from './remedy.ts';

it('blames no setting for a model that cannot be opened', () => {
  expect(remediesFor('InvalidRequest', 'model')).toEqual(['chooseModel']);
  expect(remediesFor('InvalidRequest', 'answer')).toEqual(['openSettings', 'chooseModel']);
});

it.each(['OutOfMemory', 'LimitExceeded'] as const)('%s can be tried again after the settings were changed', (name) => {
  expect(remediesFor(name, 'model')).toEqual(['openSettings', 'retry', 'chooseModel']);
});

it('loads a model that is no longer loaded, and starts an engine that is lost', () => {
  expect(remediesFor('ModelNotLoaded', 'answer')[0]).toBe('reloadModel');
  expect(remediesFor('DeviceLost', 'answer')[0]).toBe('restart');
  expect(remediesFor('WorkerFailed', 'engine')[0]).toBe('restart');
});
