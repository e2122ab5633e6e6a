/** Dawn in Node computes: a tiny kernel on every adapter that is present, and the null backend validates. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDawn, openDevice } from './dawn.ts';
import { openTestDevice, testAdapters, titleOf, type TestDevice } from './test-devices.ts';

const SQUARE = `
@group(0) @binding(0) var<storage, read_write> values: array<f32>; // [64]
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) {
  values[i] = f32(i) * f32(i);
}`;
const SQUARE_BYTES = 64 * 4;

for (const { name, skipReason } of testAdapters()) {
  describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => {
    let opened: TestDevice;
    beforeAll(async () => {
      opened = await openTestDevice(name);
    });
    afterAll(() => {
      opened.close();
    });

    it('squares 64 numbers', async () => {
      expect([...(await runSquare(opened.device))]).toEqual(Array.from({ length: 64 }, (_, i) => i * i));
    });

    it('has the default limits, whatever the adapter could do', () => {
      expect(opened.device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
      expect(opened.device.limits.maxStorageBuffersPerShaderStage).toBe(8);
    });
  });
}

describe('the null backend', () => {
  it('accepts valid WGSL and rejects invalid WGSL', async () => {
    const dawn = await openDawn({ adapter: 'null' });
    const device = await openDevice(dawn);
    expect(await errorsOf(device, SQUARE)).toBe(0);
    expect(await errorsOf(device, SQUARE.replace('f32(i) * f32(i)', 'i * i'))).toBe(1);
  });
});

async function errorsOf(device: GPUDevice, code: string): Promise<number> {
  device.pushErrorScope('validation');
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  await device.popErrorScope();
  return messages.filter((message) => message.type === 'error').length;
}

async function runSquare(device: GPUDevice): Promise<Float32Array> {
  const values = device.createBuffer({ size: SQUARE_BYTES, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const readback = device.createBuffer({
    size: SQUARE_BYTES,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: SQUARE }), entryPoint: 'main' },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: values } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, readback, 0, SQUARE_BYTES);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  return new Float32Array(readback.getMappedRange().slice(0));
}
