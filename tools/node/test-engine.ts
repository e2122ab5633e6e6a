/**
 * An engine in Node on Dawn with a small random model of the project's own, for tests of what happens above the kernels.
 * Knows no particular test.
 */
import { platformHost } from '../../src/cache/host.ts';
import { ModelStore } from '../../src/cache/model-store.ts';
import type { GenerateRequest, GenerationEvent, GenerationResult, LoadRequest } from '../../src/worker/api.ts';
import { LinnetEngine, type EngineHost } from '../../src/worker/engine.ts';
import { GrammarEngine } from '../../src/worker/grammar/grammar-engine.ts';
import { TINY_SHAPE } from '../fixtures/model-shapes.ts';
import { syntheticBytes } from '../fixtures/synthetic-model.ts';
import { importEngineInNode } from './grammar-engine.ts';
import { openDawn, type AdapterName } from './dawn.ts';

export async function tinyModelFile(): Promise<File> {
  return new File([await syntheticBytes(TINY_SHAPE, { type: 'Q8_0', seed: 3 })], 'tiny.gguf');
}

export interface Generated {
  readonly result: GenerationResult;
  readonly events: readonly GenerationEvent[];
}

/** What a driver makes of the code of a kernel. */
export type Miscompile = (kernel: string, code: string) => string;

export interface TestEngineOptions extends Partial<EngineHost> {
  readonly miscompile?: Miscompile;
}

export type Ask = Omit<GenerateRequest, 'client' | 'request' | 'model'> & { readonly request?: string };

export class TestEngine {
  readonly engine: LinnetEngine;
  /** Every device the engine asked for, the newest last. */
  readonly devices: readonly GPUDevice[];
  #numRequests = 0;

  private constructor(engine: LinnetEngine, devices: readonly GPUDevice[]) {
    this.engine = engine;
    this.devices = devices;
  }

  static async open(adapter: AdapterName, { miscompile, ...host }: TestEngineOptions = {}): Promise<TestEngine> {
    const dawn = await openDawn({ adapter });
    const devices: GPUDevice[] = [];
    const engine = new LinnetEngine({
      gpu: recording(dawn.gpu, devices, miscompile),
      gpuOptions: { defaultLimits: true },
      cache: { host: platformHost(), store: new ModelStore(), storage: {} },
      nowMs: () => Date.now(),
      randomU32: () => 42,
      grammarEngine: new GrammarEngine(importEngineInNode),
      later: (callback, ms) => {
        setTimeout(callback, ms);
      },
      ...host,
    });
    return new TestEngine(engine, devices);
  }

  async load(options: Partial<LoadRequest> = {}) {
    const source = { kind: 'file', file: await tinyModelFile() } as const;
    return this.engine.load({ client: 'test', request: this.#nextId(), source, ...options }, () => undefined);
  }

  async ask(model: string, request: Ask): Promise<Generated> {
    const events: GenerationEvent[] = [];
    const result = await this.engine.generate(
      { client: 'test', request: this.#nextId(), model, ...request },
      (batch) => {
        events.push(...batch);
      },
    );
    return { result, events };
  }

  #nextId(): string {
    return `r${String(++this.#numRequests)}`;
  }
}

/** The same GPU, noting the devices that are opened through it; their driver may have faults. */
function recording(gpu: GPU, devices: GPUDevice[], miscompile: Miscompile | undefined): GPU {
  return new Proxy(gpu, {
    get(target, name) {
      if (name !== 'requestAdapter') return Reflect.get(target, name, target) as unknown;
      return async (options: GPURequestAdapterOptions) => {
        const adapter = await target.requestAdapter(options);
        if (adapter === null) return null;
        return new Proxy(adapter, {
          get(inner, key) {
            if (key !== 'requestDevice') {
              const value: unknown = Reflect.get(inner, key, inner);
              return value;
            }
            return async (descriptor: GPUDeviceDescriptor) => {
              const device = await inner.requestDevice(descriptor);
              if (miscompile !== undefined) plantFaults(device, miscompile);
              devices.push(device);
              return device;
            };
          },
        });
      };
    },
  });
}

function plantFaults(device: GPUDevice, miscompile: Miscompile): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create({ ...descriptor, code: miscompile(descriptor.label ?? '', descriptor.code) });
}
