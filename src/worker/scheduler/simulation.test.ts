/**
 * Thousands of random steps on tiny pools, with and without guesses, with results that are read at once or up to two steps
 * late. The fake forward pass notices every wrong block; the invariants notice every leak.
 */
import { describe, expect, it } from 'vitest';
import { Simulation } from './testing/simulation.ts';

const CONFIGS = [
  { numBlocks: 3, contextLength: 1000, maxRowsPerStep: 20, prefillChunkTokens: 16, maxLogitRows: 3 },
  { numBlocks: 6, contextLength: 60, maxRowsPerStep: 9, prefillChunkTokens: 5, maxLogitRows: 2 },
  { numBlocks: 10, contextLength: 1000, maxRowsPerStep: 64, prefillChunkTokens: 64, maxLogitRows: 8 },
  { numBlocks: 24, contextLength: 120, maxRowsPerStep: 40, prefillChunkTokens: 33, maxLogitRows: 4 },
  { numBlocks: 4, contextLength: 50, maxRowsPerStep: 1, prefillChunkTokens: 1, maxLogitRows: 1 },
  { numBlocks: 60, contextLength: 200, maxRowsPerStep: 128, prefillChunkTokens: 100, maxLogitRows: 16 },
];

describe('random simulation', () => {
  it.each(
    CONFIGS.flatMap((config) =>
      [
        { maxLate: 0, speculates: false },
        { maxLate: 0, speculates: true },
        { maxLate: 1, speculates: false },
        { maxLate: 1, speculates: true },
        { maxLate: 2, speculates: true },
      ].map((how) => ({ ...config, ...how })),
    ),
  )('leaks nothing: $numBlocks blocks, speculation $speculates, read $maxLate steps late', (options) => {
    const { speculates, maxLate, ...config } = options;
    const simulation = new Simulation(config.numBlocks, config, { speculates, maxLate });
    simulation.run(maxLate === 0 ? 1000 : 1500);
    const { blocks, tree } = simulation.rig;
    tree.clear();
    expect(blocks.numFree).toBe(blocks.numBlocks);
    // The run met what it was made for.
    const { tally } = simulation;
    const { numDiscardedTokens } = simulation.rig.scheduler.counters;
    expect(tally.ends).toBeGreaterThan(20);
    if (maxLate > 0) expect(Math.min(tally.ahead, numDiscardedTokens)).toBeGreaterThan(10);
    else expect(tally.ahead).toBe(0);
    expect(Math.min(tally.finished, tally.forks, tally.truncations, tally.cached, tally.copies)).toBeGreaterThan(10);
    const { saved, restored, written } = simulation.sessions.tally;
    expect(Math.min(saved, restored, written)).toBeGreaterThan(20);
    if (speculates && config.maxRowsPerStep > 1) {
      expect(tally.accepted).toBeGreaterThan(maxLate === 0 ? 100 : 50);
      expect(tally.drafted - tally.accepted).toBeGreaterThan(maxLate === 0 ? 20 : 10);
    } else expect(tally.drafted).toBe(0);
    if (config.numBlocks === 3 || config.numBlocks === 10) expect(tally.preempted).toBeGreaterThan(5);
    const isSlow = maxLate > 0 && config.maxRowsPerStep === 1;
    if (config.numBlocks === 3 || (config.contextLength <= 60 && !isSlow)) expect(tally.contextFull).toBeGreaterThan(0);
  });

  it.each(
    CONFIGS.filter(({ maxRowsPerStep }) => maxRowsPerStep > 1).flatMap((config) =>
      [
        { numSlots: 2, speculates: false, maxLate: 1 },
        { numSlots: 2, speculates: true, maxLate: 0 },
        { numSlots: 5, speculates: true, maxLate: 1 },
        { numSlots: 5, speculates: false, maxLate: 2 },
        { numSlots: 40, speculates: true, maxLate: 0 },
        { numSlots: 40, speculates: true, maxLate: 1 },
        { numSlots: 40, speculates: false, maxLate: 2 },
      ].map((how) => ({ ...config, ...how })),
    ),
  )(
    'does so with recurrent states: $numSlots slots, $numBlocks blocks, speculation $speculates, read $maxLate steps late',
    (options) => {
      const { speculates, maxLate, ...config } = options;
      const simulation = new Simulation(config.numBlocks + config.numSlots, config, { speculates, maxLate });
      simulation.run(600);
      simulation.rig.scheduler.loseCache();
      simulation.rig.scheduler.checkInvariants();
      const { tally } = simulation;
      expect(Math.min(tally.finished, tally.forks, tally.truncations)).toBeGreaterThan(5);
      if (config.numSlots === 40) {
        expect(Math.min(simulation.sessions.tally.saved, simulation.sessions.tally.restored)).toBeGreaterThan(5);
        expect(tally.cached).toBeGreaterThan(0);
        if (maxLate > 0) expect(tally.ahead).toBeGreaterThan(10);
      }
      if (speculates && config.numSlots === 40) {
        expect(tally.accepted).toBeGreaterThan(20);
        expect(tally.drafted - tally.accepted).toBeGreaterThan(5);
      }
      // Forks share a slot, and there are too few for all to go on.
      if (config.numSlots === 5 && config.numBlocks === 60) expect(tally.preempted).toBeGreaterThan(0);
    },
  );

  it.each(
    CONFIGS.filter(({ maxRowsPerStep }) => maxRowsPerStep > 1).flatMap((config) =>
      [
        { window: 1, numWindowBlocks: 8, speculates: false, maxLate: 0 },
        { window: 17, numWindowBlocks: 9, speculates: true, maxLate: 0 },
        { window: 24, numWindowBlocks: 9, speculates: true, maxLate: 1 },
        { window: 40, numWindowBlocks: 12, speculates: false, maxLate: 2 },
        { window: 24, numWindowBlocks: 40, speculates: true, maxLate: 1 },
      ].map((how) => ({ ...config, ...how })),
    ),
  )(
    'does so with windows: of $window in $numWindowBlocks of $numBlocks blocks, speculation $speculates, read $maxLate steps late',
    (options) => {
      const { speculates, maxLate, ...config } = options;
      const simulation = new Simulation(config.numBlocks + config.window, config, { speculates, maxLate });
      simulation.run(600);
      const { blocks, tree, scheduler } = simulation.rig;
      tree.clear();
      scheduler.checkInvariants();
      expect(blocks.numFree).toBe(blocks.numBlocks);
      const { tally } = simulation;
      expect(Math.min(tally.finished, tally.forks, tally.truncations, tally.cached, tally.copies)).toBeGreaterThan(5);
      expect(Math.min(simulation.sessions.tally.saved, simulation.sessions.tally.restored)).toBeGreaterThan(5);
      if (maxLate > 0) expect(tally.ahead).toBeGreaterThan(5);
    },
  );

  it('does the same again for the same seed', () => {
    const [first, second] = [1, 2].map(() => {
      const options = { keepsDigest: true, speculates: true, maxLate: 1 };
      const simulation = new Simulation(99, { numBlocks: 8, maxLogitRows: 4 }, options);
      simulation.run(200);
      return simulation.digest;
    });
    expect(first?.length).toBeGreaterThan(200);
    expect(second).toEqual(first);
  });
});
