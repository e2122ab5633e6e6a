/** The device panel over the scripted engine: what it shows, and what it copies. */
import { expect, it } from 'vitest';
import type { SelfTestReport } from '../worker/api.ts';
import { byId, usePage } from './testing/page-bench.ts';

const { openChat } = usePage();

const SELF_TEST: SelfTestReport = {
  families: [
    {
      family: 'gemv',
      chosen: 'lanes',
      reason: 'replacement',
      variants: [
        { name: 'subgroups', state: 'struckOut', microseconds: undefined },
        { name: 'lanes', state: 'right', microseconds: 84 },
        { name: 'rows', state: 'untested', microseconds: undefined },
      ],
    },
  ],
  unchecked: [],
  struckOut: [{ kernel: 'linear_gemv_subgroups32_q4_k', problem: 'wrong', detail: '[5] 0 1.5 +- 1e-6' }],
  numKernelsTested: 7,
  numKernelsRemembered: 2,
  numDispatches: 31,
  testingMs: 38,
  timingMs: 0,
};

// The first, since what is fetched once is there for all that follow.
it('draws speed, memory and cache of what was answered, fetched when the panel is opened', async () => {
  await openChat({ answer: 'A longer answer of some words. '.repeat(12), tickMs: 15 });
  expect(customElements.get('linnet-plots')).toBeUndefined();
  await byId('composer').fill('Hello');
  await byId('send-button').click();
  await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
  await byId('settings-button').click();
  await byId('device-panel-button').click();
  await expect.element(byId('plot').nth(1)).toHaveTextContent('Graphics memory, MB: 900');
  await expect.poll(() => byId('plot').nth(2).element().querySelector('canvas')?.width).toBeGreaterThan(100);
});

it('shows the adapter, its limits and features, and which kernels are in use and which struck out', async () => {
  await openChat({ selfTest: SELF_TEST });
  await byId('settings-button').click();
  await byId('device-panel-button').click();
  const panel = byId('device-panel');
  await expect.element(byId('device-facts')).toHaveTextContent('Acme Feather 2');
  for (const fact of ['1.07 GB a binding', '32.8 kB shared memory', 'shader-f16', 'of 32']) {
    await expect.element(byId('device-facts')).toHaveTextContent(fact);
  }
  const family = byId('kernel-family');
  await expect.element(family).toHaveTextContent('lanes: in the place of one that is struck out');
  await expect.element(family).toHaveTextContent(/lanes\s*in use\s*84 µs\s*right/);
  await expect.element(family).toHaveTextContent(/subgroups\s*struck out/);
  await expect.element(byId('struck-out')).toHaveTextContent(/q4_k\s*computes wrong numbers\s*\[5\] 0 1\.5/);
  await expect.element(panel).toHaveTextContent('7 kernels checked in 38 ms, 2 known from before.');
  await byId('device-panel-close').click();
  await expect.element(panel).not.toBeVisible();
});

it('says when kernels are chosen where no model is loaded yet', async () => {
  await openChat();
  await byId('settings-button').click();
  await byId('device-panel-button').click();
  await expect.element(byId('device-panel')).toHaveTextContent('chosen when a model is loaded');
  await expect.element(byId('struck-out')).not.toBeInTheDocument();
});
