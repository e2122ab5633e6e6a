/** Every sentence of the device panel. */
import type { KernelFamilyReport, KernelProblem, KernelVariantReport } from '../worker/api.ts';

export const english = {
  title: 'This device',
  open: 'Device and kernels',
  adapter: 'Graphics card',
  softwareAdapter: 'none, a processor stands in for it',
  unknownAdapter: 'the browser does not say',
  architecture: 'Architecture',
  features: 'Features',
  subgroups: 'Subgroups',
  subgroupsOf: (min: number, max: number) =>
    min === max ? `of ${String(min)}` : `of ${String(min)} to ${String(max)}`,
  none: 'none',
  limits: 'Limits',
  binding: (size: string) => `${size} a binding`,
  buffer: (size: string) => `${size} a buffer`,
  shared: (size: string) => `${size} shared memory`,

  plots: 'Live',
  speed: 'Speed, tokens per second',
  memory: 'Graphics memory, MB',
  cache: 'Cache of keys and values in use, %',
  noPlots: 'Ask something, and speed and memory are drawn here.',

  kernels: 'Kernels in use',
  kernelsHint: 'Each is compared with exact arithmetic on this device before it computes anything.',
  noModel: 'They are chosen when a model is loaded.',
  families: {
    gemv: 'Writing: products for generated tokens',
    gemm: 'Reading: products for prompt tokens',
    gemvInt8: 'Writing: products in int8 for generated tokens',
    gemmInt8: 'Reading: products in int8 for prompt tokens',
    attention: 'Reading: attention of prompt tokens',
    decodeAttention: 'Writing: attention of generated tokens',
  } as Readonly<Record<string, string>>,
  reasons: {
    preferred: 'the usual one for such a device',
    fastest: 'the fastest here',
    replacement: 'in the place of one that is struck out',
    setting: 'unchecked, as asked',
  } satisfies Record<KernelFamilyReport['reason'], string>,
  states: { right: 'right', struckOut: 'struck out', untested: 'not tested yet' } satisfies Record<
    KernelVariantReport['state'],
    string
  >,
  inUse: 'in use',

  struckOut: 'Struck out',
  struckOutHint: 'These do not work here, and others are used. A newer browser or graphics driver may mend them.',
  problems: {
    wrong: 'computes wrong numbers',
    unsteady: 'its numbers depend on what is computed beside them',
    doesNotCompile: 'does not compile',
    timedOut: 'does not end',
    lostDevice: 'made the browser lose the graphics card',
  } satisfies Record<KernelProblem, string>,

  tested: (tested: string, remembered: string, time: string) =>
    remembered === '0'
      ? `${tested} kernels checked in ${time}.`
      : `${tested} kernels checked in ${time}, ${remembered} known from before.`,
  copy: 'Copy as text',
  copied: 'Copied',
};

/** Its shape, in any language. */
export type DeviceStrings = typeof english;

/** In the language that is spoken; what stands here is looked up when something is rendered. */
export let deviceStrings: DeviceStrings = english;

/** For language.ts alone. */
export function setDeviceStrings(words: DeviceStrings): void {
  deviceStrings = words;
}
