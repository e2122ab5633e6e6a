/**
 * The adapters that the GPU tests run on: all of them by name, each present or with the reason why it is skipped.
 * `LINNET_TEST_ADAPTERS` (comma-separated) narrows the list, e.g. to `swiftshader` while working on a kernel.
 *
 *   for (const { name, skipReason } of testAdapters()) {
 *     describe.skipIf(skipReason !== undefined)(titleOf(name, skipReason), () => { ... await openTestDevice(name) ... });
 *   }
 */
import { ADAPTER_NAMES, findAdapter, openDawn, openDevice, type AdapterName, type DeviceRequest } from './dawn.ts';

export interface TestAdapter {
  readonly name: AdapterName;
  /** Undefined when the adapter is there. */
  readonly skipReason: string | undefined;
}

export interface TestDevice {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  /** Destroys the device; call it in `afterAll`. */
  close(): void;
}

const DEFAULT_ADAPTERS: readonly AdapterName[] = ['swiftshader', 'lavapipe'];

export function testAdapters(): readonly TestAdapter[] {
  return wantedAdapters().map((name) => {
    const presence = findAdapter(name);
    return { name, skipReason: presence.present ? undefined : presence.reason };
  });
}

/** The same with the title of their tests. */
export function openTestAdapters(): readonly { readonly name: AdapterName; readonly title: string }[] {
  return testAdapters().map(({ name, skipReason }) => ({ name, title: titleOf(name, skipReason) }));
}

/** A title that carries the reason of a skip, so that every report shows it. */
export function titleOf(name: AdapterName, skipReason: string | undefined): string {
  return skipReason === undefined ? `on ${name}` : `on ${name} (skipped: ${skipReason})`;
}

/** A device with default limits; features that the adapter lacks are an error, so ask `adapter.features` first. */
export async function openTestDevice(name: AdapterName, request: DeviceRequest = {}): Promise<TestDevice> {
  const dawn = await openDawn({ adapter: name });
  const device = await openDevice(dawn, request);
  return {
    device,
    adapter: dawn.adapter,
    close() {
      device.destroy();
    },
  };
}

function wantedAdapters(): readonly AdapterName[] {
  const wanted = process.env['LINNET_TEST_ADAPTERS'];
  if (wanted === undefined || wanted === '') return DEFAULT_ADAPTERS;
  return wanted.split(',').map((name) => {
    const known = ADAPTER_NAMES.find((candidate) => candidate === name.trim());
    if (known === undefined) throw new Error(`LINNET_TEST_ADAPTERS: ${name} is none of ${ADAPTER_NAMES.join(', ')}`);
    return known;
  });
}
