/**
 * An engine on Dawn's null backend, with the kernels of a GPU and a small model: it computes nothing and counts everything.
 * Knows no particular test.
 */
import type { EngineHost } from '../../src/worker/engine.ts';
import { BUFFER_USAGE } from '../../src/worker/gpu/flags.ts';
import { TestEngine } from './test-engine.ts';

export async function openNull(host: Partial<EngineHost> = {}) {
  const engine = await TestEngine.open('null', host);
  await engine.engine.info();
  const device = engine.devices.at(-1);
  if (device !== undefined) zeroBuffers(device);
  const { handle } = await engine.load({ selfTest: 'skip' });
  return { engine, handle };
}

/** The null backend leaves buffers as the memory was, and then every record would say that something is wrong. */
function zeroBuffers(device: GPUDevice): void {
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if ((descriptor.usage & BUFFER_USAGE.COPY_DST) !== 0) {
      device.queue.writeBuffer(buffer, 0, new Uint8Array(descriptor.size));
    }
    return buffer;
  };
}
