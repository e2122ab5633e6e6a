/**
 * Finds a place for a model: loads it where it fits and is fast enough, and otherwise notes why its requests are for the server.
 * Nothing but its header is fetched before that is known.
 */
import type { DeviceRates, EngineInfo, InspectOptions, ModelInspection, ModelSource } from '../../../worker/api.ts';
import type { CallOptions } from '../../client.ts';
import { LinnetError, toLinnetError } from '../../errors.ts';
import { typesOf } from '../../bench/limits.ts';
import type { NamedModel } from '../host.ts';
import { judgeSize, judgeSpeed } from './fit.ts';
import { unfitBy, type Unfit } from './policy.ts';
import type { Router } from './router.ts';

/** Where a model runs: on the device, loaded, or on the server, and why. */
export type Placement<M extends NamedModel> =
  | { readonly ranOn: 'device'; readonly id: string; readonly model: M }
  | ({
      readonly ranOn: 'remote';
      readonly id: string;
      /** Undefined where not even the header could be read. */
      readonly inspection: ModelInspection | undefined;
    } & Unfit);

/** What it needs of the library. */
export interface Placing<M extends NamedModel> {
  info(): Promise<EngineInfo>;
  inspect(source: ModelSource, options: CallOptions & InspectOptions): Promise<ModelInspection>;
  measureRates(types: readonly string[], options: CallOptions): Promise<DeviceRates>;
  load(source: ModelSource, options: PlaceOptions): Promise<M>;
}

export type PlaceOptions = CallOptions & InspectOptions & { readonly id?: string };

/** @throws LinnetError for what a server would not help with: a file that is damaged or not there, a name that is taken, `Aborted` */
export async function place<M extends NamedModel>(
  engine: Placing<M>,
  router: Router,
  source: ModelSource,
  options: PlaceOptions,
): Promise<Placement<M>> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  let inspection: ModelInspection | undefined;
  let id = options.id ?? nameOf(source);
  const elsewhere = (unfit: Unfit, error: LinnetError | undefined): Placement<M> => {
    router.noteUnfit(id, unfit, error ?? new LinnetError('LimitExceeded', unfit.detail));
    return { ranOn: 'remote', id, inspection, ...unfit };
  };
  if (router.policy === 'local') {
    const model = await engine.load(source, options);
    return { ranOn: 'device', id: model.id, model };
  }
  try {
    const { noWebGpuReason } = await engine.info();
    if (noWebGpuReason !== undefined) {
      const error = new LinnetError('NoWebGpu', noWebGpuReason);
      return elsewhere({ reason: 'noWebGpu', detail: noWebGpuReason }, error);
    }
    const { contextLength, kvType, precision } = options;
    const planned = {
      ...(contextLength !== undefined && { contextLength }),
      ...(kvType !== undefined && { kvType }),
      ...(precision !== undefined && { precision }),
    };
    inspection = await engine.inspect(source, { ...call, ...planned });
    id = options.id ?? inspection.name;
    const unfit = await judge(engine, router, inspection, call);
    if (unfit !== undefined) return elsewhere(unfit, undefined);
    const model = await engine.load(source, options);
    return { ranOn: 'device', id: model.id, model };
  } catch (thrown) {
    const error = toLinnetError(thrown);
    const unfit = unfitBy(error);
    if (unfit === undefined) throw error;
    return elsewhere(unfit, error);
  }
}

async function judge(
  engine: Placing<NamedModel>,
  { options: { maxGpuBytes, minTokensPerSecond } }: Router,
  inspection: ModelInspection,
  call: CallOptions,
): Promise<Unfit | undefined> {
  const unfit = judgeSize(inspection, { maxGpuBytes, deviceMemoryGib: reportedMemoryGib() });
  if (unfit !== undefined || minTokensPerSecond === undefined) return unfit;
  return judgeSpeed(inspection, await engine.measureRates(typesOf(inspection.multiplied), call), minTokensPerSecond);
}

/** Where there is such a number: Chromium has it, and says no more than 8. */
function reportedMemoryGib(): number | undefined {
  const gib: unknown = typeof navigator === 'undefined' ? undefined : Reflect.get(navigator, 'deviceMemory');
  return typeof gib === 'number' ? gib : undefined;
}

function nameOf(source: ModelSource): string {
  switch (source.kind) {
    case 'huggingFace':
      return source.repo;
    case 'url':
      return source.url.split(/[?#]/)[0]?.split('/').at(-1) ?? source.url;
    case 'file':
      return source.file.name;
    case 'cached':
      return source.id;
  }
}
