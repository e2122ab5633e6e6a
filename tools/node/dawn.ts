/**
 * WebGPU in Node: opens Dawn (the npm package `webgpu`) on a named adapter. It knows no kernels and no tests.
 *
 * The Vulkan loader reads its list of drivers once per process, so every software driver that is present goes onto the
 * list before Dawn is first created, and the adapter is chosen by name. `native` (the machine's own GPU) needs the
 * loader's default list instead and therefore cannot share a process with the software adapters.
 * In a `worker_threads` thread `process.env` is a copy that the loader does not see: use processes.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, globals } from 'webgpu';
import { findLavapipe } from '../browser/lavapipe.mjs';
import { findSwiftShader } from '../browser/swiftshader.mjs';

/** `null` compiles and validates everything and computes nothing; `native` is whatever GPU the machine has. */
export const ADAPTER_NAMES = ['swiftshader', 'lavapipe', 'null', 'native'] as const;
export type AdapterName = (typeof ADAPTER_NAMES)[number];

export type Presence = { readonly present: true } | { readonly present: false; readonly reason: string };

export interface DawnRequest {
  readonly adapter: AdapterName;
  /** Dawn's toggles to switch on, e.g. `dump_shaders`. */
  readonly toggles?: readonly string[];
}

export interface Dawn {
  /** Keeps Node alive: a program that opened Dawn must end with `process.exit`. */
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly name: AdapterName;
  /** For reports: driver, subgroup sizes, whether f16 is there. */
  readonly description: string;
}

/** Name of each adapter as Dawn's option `adapter=` matches it (a part is enough). */
const DAWN_OPTIONS: Readonly<Record<AdapterName, readonly string[]>> = {
  swiftshader: ['backend=vulkan', 'adapter=SwiftShader'],
  lavapipe: ['backend=vulkan', 'adapter=llvmpipe'],
  null: ['backend=null'],
  native: [],
};

/**
 * Every instance, for the life of the process: Dawn goes with the object that `create` returned, and a garbage collection
 * of it while a device is in use (or at exit) aborts the whole process.
 */
const liveInstances = new Set<GPU>();

/** Whether this machine has the adapter, as far as can be told without opening it. */
export function findAdapter(name: AdapterName): Presence {
  switch (name) {
    case 'swiftshader':
      return presenceOf(findSwiftShader());
    case 'lavapipe':
      return presenceOf(findLavapipe());
    case 'null':
    case 'native':
      return { present: true };
  }
}

/** @throws Error when the adapter is absent, saying why. */
export async function openDawn(request: DawnRequest): Promise<Dawn> {
  const presence = findAdapter(request.adapter);
  if (!presence.present) throw new Error(`no adapter ${request.adapter}: ${presence.reason}`);
  prepareProcess(request.adapter);
  const toggles = request.toggles?.length ? [`enable-dawn-features=${request.toggles.join(',')}`] : [];
  const gpu = create([...DAWN_OPTIONS[request.adapter], ...toggles]);
  liveInstances.add(gpu);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error(`Dawn offers no adapter ${request.adapter}`);
  return { gpu, adapter, name: request.adapter, description: describe(adapter) };
}

export interface DeviceRequest {
  /** Default: none. A feature that the adapter lacks is an error. */
  readonly features?: readonly GPUFeatureName[];
  /** Default: WebGPU's default limits, what any page may count on, never the adapter's own. */
  readonly limits?: Readonly<Record<string, number>>;
}

/** A device with the default limits. @throws OperationError when a feature or limit is not there. */
export async function openDevice(dawn: Dawn, request: DeviceRequest = {}): Promise<GPUDevice> {
  // An adapter makes one device only; so every device gets an adapter of its own.
  const adapter = await dawn.gpu.requestAdapter();
  if (adapter === null) throw new Error(`Dawn offers no adapter ${dawn.name} any more`);
  return adapter.requestDevice({
    label: `linnet on ${dawn.name}`,
    requiredFeatures: [...(request.features ?? [])],
    requiredLimits: { ...request.limits },
  });
}

function presenceOf(found: { icd: string } | { icd?: undefined; reason: string }): Presence {
  return found.icd === undefined ? { present: false, reason: found.reason } : { present: true };
}

/** What must stand before Dawn is first created in this process: the drivers, a runtime folder, WebGPU's constants. */
function prepareProcess(name: AdapterName): void {
  Object.assign(globalThis, globals);
  if (process.platform !== 'linux') return;
  process.env['XDG_RUNTIME_DIR'] ??= mkdtempSync(join(tmpdir(), 'linnet-'));
  if (name === 'native') return;
  const drivers = [findSwiftShader().icd, findLavapipe().icd].filter((icd) => icd !== undefined);
  if (drivers.length > 0) process.env['VK_ICD_FILENAMES'] = drivers.join(':');
}

function describe(adapter: GPUAdapter): string {
  const { info, features } = adapter;
  const subgroups = features.has('subgroups')
    ? `subgroups ${String(info.subgroupMinSize)}-${String(info.subgroupMaxSize)}`
    : 'no subgroups';
  const f16 = features.has('shader-f16') ? 'f16' : 'no f16';
  return `${info.description || info.device || 'unnamed'} (${subgroups}, ${f16})`;
}
