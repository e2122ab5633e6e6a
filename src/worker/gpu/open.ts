/**
 * From a host's `GPU` object to a device: picks the adapter, asks for the features and limits the runtime uses, and
 * says in a sentence what is missing when there is none. Knows nothing of models.
 */
import { LinnetError } from '../errors.ts';
import { Gpu, type AdapterDescription, type PlanningLimits } from './gpu.ts';

export interface OpenGpuOptions {
  /** Do without these even where they exist (tests, troubleshooting). */
  readonly withoutFeatures?: readonly GPUFeatureName[];
  /** Plan as if a binding could be no larger. */
  readonly maxBindingBytes?: number;
  /** Ask for WebGPU's default limits instead of the adapter's. */
  readonly defaultLimits?: boolean;
  /** Whether WGSL has `dot4I8Packed`: what `openGpu` asks the host; without an answer it is tried. */
  readonly hasPackedDot?: boolean;
}

const PACKED_DOT = 'packed_4x8_integer_dot_product';
const USEFUL_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups'];

/** @throws NoWebGpu with the reason and what to do. */
export async function openGpu(gpu: GPU | undefined, options: OpenGpuOptions = {}): Promise<Gpu> {
  if (gpu === undefined) {
    throw new LinnetError(
      'NoWebGpu',
      'This browser has no WebGPU. Use a recent Chrome, Edge, Safari or Firefox, over https or from localhost.',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new LinnetError(
      'NoWebGpu',
      'The browser found no usable GPU. Switch hardware acceleration on in its settings, or update the graphics driver.',
    );
  }
  return openAdapter(adapter, { hasPackedDot: gpu.wgslLanguageFeatures.has(PACKED_DOT), ...options });
}

export async function openAdapter(adapter: GPUAdapter, options: OpenGpuOptions = {}): Promise<Gpu> {
  const without = new Set(options.withoutFeatures);
  const requiredFeatures = USEFUL_FEATURES.filter((name) => adapter.features.has(name) && !without.has(name));
  const requiredLimits: Record<string, number> = options.defaultLimits
    ? {}
    : {
        maxBufferSize: adapter.limits.maxBufferSize,
        maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      };
  const device = await adapter
    .requestDevice({ label: 'linnet', requiredFeatures, requiredLimits })
    .catch((cause: unknown) => {
      throw new LinnetError(
        'NoWebGpu',
        `The GPU gave no device (${String(cause)}). Reload the page, or update the graphics driver.`,
        { cause },
      );
    });
  const { hasPackedDot } = options;
  const description = { ...describeAdapter(adapter), ...(hasPackedDot === undefined ? {} : { hasPackedDot }) };
  return new Gpu(device, description, planningLimits(device, options));
}

function planningLimits(device: GPUDevice, options: OpenGpuOptions): PlanningLimits {
  // Offsets into storage are 32-bit words of at least 4 bytes; stay below 2 GiB in any case.
  const maxBufferBytes = Math.min(device.limits.maxBufferSize, 2 ** 31 - 4);
  const maxBindingBytes = Math.min(
    device.limits.maxStorageBufferBindingSize,
    maxBufferBytes,
    options.maxBindingBytes ?? Infinity,
  );
  return { maxBindingBytes, maxBufferBytes };
}

function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { info } = adapter;
  const words = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  const software = info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software|basic render/.test(words);
  const hasSubgroups = adapter.features.has('subgroups');
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description || info.device,
    software,
    subgroupSize: hasSubgroups ? { min: info.subgroupMinSize, max: info.subgroupMaxSize } : undefined,
  };
}
