/**
 * Compiles one kernel on a device and says what is wrong with it, in words that lead to the line. It runs nothing and
 * knows nothing of which kernels there are.
 */
import type { BindingKind, Kernel } from '../../src/shaders/kernel.ts';

const BUFFER_TYPES: Readonly<Record<BindingKind, GPUBufferBindingType>> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  readWrite: 'storage',
};

/** The problems of a kernel, each ready to print; empty when there are none. */
export async function checkKernel(device: GPUDevice, kernel: Kernel): Promise<readonly string[]> {
  const label = kernel.name;
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code: kernel.code });
  const { messages } = await module.getCompilationInfo();
  await device.popErrorScope();
  const errors = messages.filter((message) => message.type === 'error');
  if (errors.length > 0) return errors.map((message) => formatMessage(kernel, message));

  device.pushErrorScope('validation');
  const entries = kernel.bindings.map((kind, binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: BUFFER_TYPES[kind] },
  }));
  const bindGroupLayout = device.createBindGroupLayout({ label, entries });
  const layout = device.createPipelineLayout({ label, bindGroupLayouts: [bindGroupLayout] });
  device.createComputePipeline({
    label,
    layout,
    compute: { module, entryPoint: 'main', constants: { ...kernel.constants } },
  });
  const error = await device.popErrorScope();
  return [...(error === null ? [] : [`${label}: ${error.message.trim()}`]), ...unusedBindings(kernel)];
}

export function duplicateNames(kernels: readonly Kernel[]): readonly string[] {
  const names = kernels.map((kernel) => kernel.name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** A binding that the description has and the code has not goes unnoticed by WebGPU; the other way round it does not. */
function unusedBindings(kernel: Kernel): readonly string[] {
  const declared = new Set([...kernel.code.matchAll(/@binding\(\s*(\d+)u?\s*\)/g)].map((match) => Number(match[1])));
  return kernel.bindings.flatMap((kind, index) =>
    declared.has(index) ? [] : [`${kernel.name}: binding ${index} (${kind}) is described but not in the code`],
  );
}

function formatMessage(kernel: Kernel, { lineNum, linePos, message }: GPUCompilationMessage): string {
  const source = kernel.code.split('\n')[lineNum - 1] ?? '';
  return `${kernel.name}:${lineNum}:${linePos}: ${message}\n    ${source}\n    ${' '.repeat(Math.max(0, linePos - 1))}^`;
}
