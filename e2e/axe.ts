/**
 * What axe-core finds wrong with a page, in each size and scheme that screenshots are taken in. It is evaluated by the browser's
 * debugger and not loaded by the page, so that no policy of the page stands in its way.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright/test';
import { SCHEMES, SIZES } from './screenshots.ts';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A line for each serious or critical problem: where, which rule, which element, why. */
export async function seriousProblems(page: Page, place: string): Promise<readonly string[]> {
  const problems: string[] = [];
  await page.evaluate(SOURCE);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const { id, impact, nodes } of (await run(page)).violations) {
        if (impact !== 'serious' && impact !== 'critical') continue;
        for (const node of nodes) {
          problems.push(`${place}, ${size}, ${colorScheme}: ${id}: ${node.html}: ${node.failureSummary ?? ''}`);
        }
      }
    }
  }
  return problems;
}

function run(page: Page): Promise<AxeResults> {
  return page.evaluate(() => (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run());
}
