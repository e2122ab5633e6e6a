/**
 * Routing, by its checks: choices exactly (ties too), weights within rounding; the grouping of prompt rows by expert, exactly; and
 * the weighted sum.
 */
import { expect, it } from 'vitest';
import { describeOnAdapters } from '../../../tools/node/kernel-runner.ts';
import { planted } from '../testing/values.ts';
import { expertSumCheck, routeCheck, tilesCheck } from '../vectors/route-checks.ts';
import { expertSum, expertTiles, route } from './experts.ts';

describeOnAdapters((runner) => {
  it('chooses experts and weighs them', async () => {
    expect(await runner().problemOf(routeCheck(route))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['rival == key && other < e', 'rival == key && other > e'],
    ['rival == key && other < e', 'false'],
    ['rival > score ||', 'rival >= score ||'],
    ['first + second', 'first'],
    ['before < params.num_groups_used', 'before <= params.num_groups_used'],
    ['max(sum, 6.103515625e-5)', 'sum'],
    ['scores[e] / total + bias[e]', 'keys[e] + bias[e]'],
    ['chosen[slot] = scores[e] / total', 'chosen[slot] = keys[e]'],
    [' * params.scale *', ' *'],
    ['factors[e], params', 'factors[e + 1u], params'],
    ['params.has_factors == 1u', 'true'],
    ['params.has_factors == 1u', 'false'],
    ['params.shared_gate == 1u);', 'false);'],
    ['params.normalised == 1u', 'true'],
    ['select(exp(keys[e] - top), sigmoid(keys[e]), params.sigmoid == 1u)', 'exp(keys[e] - top)'],
  ])('finds a mistake planted in route: %s -> %s', async ([right, wrong]) => {
    expect(await runner().problemOf(routeCheck(planted(route, right, wrong)))).toMatchObject({ kind: 'wrong' });
  });

  it('groups the rows of prompts by expert', async () => {
    expect(await runner().problemOf(tilesCheck(expertTiles))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['before < e', 'before <= e'],
    ['done += params.tile_pairs', 'done += params.tile_pairs + 1u'],
    ['e += 256u', 'e += 512u'],
    ['step.num_prompt * params.num_used', '(step.num_prompt + step.num_generated) * params.num_used'],
    ['tiles[tile] = Tile(0u, 0u, 0u)', ''],
  ])('finds a mistake planted in expert_tiles: %s -> %s', async ([right, wrong]) => {
    expect(await runner().problemOf(tilesCheck(planted(expertTiles, right, wrong)))).toMatchObject({ kind: 'wrong' });
  });

  it('adds what experts gave, with their weights', async () => {
    expect(await runner().problemOf(expertSumCheck(expertSum))).toBeUndefined();
  });

  it.for<readonly [string, string]>([
    ['params.has_shared == 1u', 'false'],
    ['params.add_to_out == 1u', 'false'],
    ['weights[w + slot]', 'weights[w]'],
    ['row < step.num_prompt + step.num_generated', 'true'],
  ])('finds a mistake planted in the weighted sum: %s -> %s', async ([right, wrong]) => {
    expect(await runner().problemOf(expertSumCheck(planted(expertSum, right, wrong)))).toMatchObject({ kind: 'wrong' });
  });
});
