/**
 * The part of the contract that is about the device: what it is, what was found out about it, what was done on it. Types only,
 * no imports. Pages import it through api.ts.
 */

/** How matrix products compute. */
export type Precision =
  /** The default: weights as the file has them, activations in f32. */
  | 'exact'
  /**
   * Activations are rounded to signed bytes with a scale for each 32, and multiplied as integers with weights of Q4_0, Q8_0, Q4_K and
   * Q6_K, which is faster on many devices. It moves log-probabilities by some hundredths; other types stay exact.
   */
  | 'int8';

export interface DeviceReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A CPU that stands in for a GPU. */
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: {
    readonly maxStorageBufferBindingBytes: number;
    readonly maxBufferBytes: number;
    readonly maxWorkgroupStorageBytes: number;
  };
  readonly subgroupSize: { readonly min: number; readonly max: number } | undefined;
  /** The kernel variant in use for each operation. */
  readonly variants: Readonly<Record<string, string>>;
}

/** Why a kernel is not used on a device. */
export type KernelProblem =
  /** Its numbers are further from exact arithmetic than rounding explains. */
  | 'wrong'
  /** A row's bits depend on how many rows are computed beside it. */
  | 'unsteady'
  | 'doesNotCompile'
  | 'timedOut'
  /** The browser lost the GPU while it ran. */
  | 'lostDevice';

export interface StruckOutKernel {
  readonly kernel: string;
  readonly problem: KernelProblem;
  /** Where it differs, or what the compiler says. */
  readonly detail: string;
}

/** One way to compute what a family computes. */
export interface KernelVariantReport {
  readonly name: string;
  /** As far as the model loaded last needs it. */
  readonly state: 'right' | 'struckOut' | 'untested';
  /** Microseconds of the work that the variants of this family were timed with; undefined: not timed. */
  readonly microseconds: number | undefined;
}

export interface KernelFamilyReport {
  /** `gemv` multiplies generated rows, `gemm` prompt rows, `gemvInt8` and `gemmInt8` the same in int8; `attention` is that of prompt rows, `decodeAttention` of generated ones. */
  readonly family: string;
  /** What the model loaded last uses. */
  readonly chosen: string;
  /** `preferred`: the first in order; `fastest`: timed here; `replacement`: those before it are struck out; `setting`: untested. */
  readonly reason: 'preferred' | 'fastest' | 'replacement' | 'setting';
  /** In order of preference. */
  readonly variants: readonly KernelVariantReport[];
}

/** What was found out about the kernels on this device, by this engine or before. */
export interface SelfTestReport {
  /** Of the model loaded last; empty before the first. */
  readonly families: readonly KernelFamilyReport[];
  readonly struckOut: readonly StruckOutKernel[];
  /** Kernels of the model loaded last that no check is made for. */
  readonly unchecked: readonly string[];
  readonly numKernelsTested: number;
  /** Verdicts of an earlier visit that were taken over. */
  readonly numKernelsRemembered: number;
  /** Of tests and timings; they are in no other counter. */
  readonly numDispatches: number;
  readonly testingMs: number;
  readonly timingMs: number;
}

/** P13: what was really done, counted. Totals since the device was opened unless a name says otherwise. */
export interface EngineStats {
  readonly numSteps: number;
  readonly numDispatches: number;
  readonly numSubmits: number;
  readonly numPromptRows: number;
  readonly numGeneratedRows: number;
  /** Steps that could be recorded only when the result of the step right before them had been read. */
  readonly numWaits: number;
  readonly numCachedTokens: number;
  /** Times that a sequence got tokens from a step; each gave one, and as many as were accepted of those drafted for it. */
  readonly numSequenceSteps: number;
  readonly numDraftTokens: number;
  readonly numAcceptedDraftTokens: number;
  /** Tokens drawn behind the end of a text, before that end had been read: at most two a text, and part of none. */
  readonly numDiscardedTokens: number;
  readonly weightBytesRead: number;
  readonly kvBytesRead: number;
  readonly numBuffersCreated: number;
  readonly numBindGroupsCreated: number;
  readonly bufferBytes: number;
  readonly peakBufferBytes: number;
  readonly networkBytes: number;
  /** Of the model loaded last: how much of the cache of keys and values is held, by texts under way and by those that may go on. */
  readonly kvCache: { readonly heldTokens: number; readonly totalTokens: number };
  /** Of the last step with generated rows and no prompt rows. */
  readonly lastDecodeStep: {
    readonly numDispatches: number;
    readonly numSubmits: number;
    readonly weightBytesRead: number;
    readonly kvBytesRead: number;
  };
  /** Of the model loaded last; undefined before the first. */
  readonly precision: Precision | undefined;
  readonly selfTest: SelfTestReport;
}

/**
 * What the device was measured to do when nothing else is in the way: the limits that speeds are compared with. Best of a
 * few runs each, in operations per second.
 */
export interface DeviceRates {
  /** Memory, by three ways to use it; a copied byte counts twice, since it is read and written. */
  readonly bytesPerSecond: {
    readonly copyCommand: number;
    readonly copyKernel: number;
    readonly readKernel: number;
  };
  /** Fused multiply-adds of f32 from registers, each two operations. */
  readonly flopsPerSecond: number;
  /** `dot4I8Packed` from registers, each eight operations; undefined where the browser has it not. */
  readonly int8OpsPerSecond: number | undefined;
  /** By block type: weights dequantised and multiplied with an f32 vector, both from registers. */
  readonly dequantDotPerSecond: Readonly<Record<string, number>>;
  readonly measuringMs: number;
}

export type EngineState = 'idle' | 'loading' | 'ready' | 'lost';

export interface EngineInfo {
  readonly version: string;
  readonly state: EngineState;
  /** Absent when the browser has no usable WebGPU; `noWebGpuReason` then says why. */
  readonly device: DeviceReport | undefined;
  readonly noWebGpuReason: string | undefined;
}
