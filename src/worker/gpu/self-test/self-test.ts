/**
 * Which variant of each kernel family a model uses on this device: the first in order, or the fastest where they were
 * timed, that is not struck out. What a model needs is checked before its first token, kernels that nothing stands in for among
 * it; the rest, and timing, is handed out in small steps for idle times. Knows nothing of tensors, files or requests.
 */
import type { Kernel } from '../../../shaders/kernel.ts';
import type { KernelTraits } from '../../../shaders/linear/linear.ts';
import {
  candidatesOf,
  KERNEL_FAMILIES,
  type Candidate,
  type KernelFamily,
  type KernelNeeds,
  type KernelVariants,
  type Subject,
} from '../../../shaders/variants.ts';
import { isTimed } from '../../../shaders/vectors/work.ts';
import { singleSubject, type SingleSubject } from '../../../shaders/vectors/single-check.ts';
import type { KernelFamilyReport, KernelVariantReport, SelfTestMode, SelfTestReport } from '../../api.ts';
import { LinnetError } from '../../errors.ts';
import type { Gpu } from '../gpu.ts';
import { timeVariant, workName } from './timing.ts';
import { Verdicts, type VerdictsHost } from './verdicts.ts';

export interface SelfTestHost extends VerdictsHost {
  /**
   * Whether CPUs that stand in for GPUs do idle work too; default false. Their order is known, and kernels made for GPUs take
   * them seconds to compile.
   */
  readonly idleOnSoftware?: boolean;
  /** For all timings of one visit; default 2 s. */
  readonly timingBudgetMs?: number;
}

/** Decides for one model. */
export interface VariantSelector {
  /** What is worth trying, by what is known. @throws ShaderFailed when a family has no variant left */
  first(): Promise<KernelVariants>;
  /**
   * Checks all that the model needs of these, and `kernels`, those of its plan: which of them are of no family has nothing that
   * stands in for it. Resolves with the same object when all of it is right, else with others to try.
   * @throws ShaderFailed naming the kernel when nothing is left in its place; DeviceLost, OutOfMemory
   */
  check(variants: KernelVariants, kernels: readonly Kernel[]): Promise<KernelVariants>;
}

/** What was decided for a model. */
export interface Chosen {
  readonly needs: KernelNeeds;
  readonly chosen: KernelVariants;
  readonly mode: SelfTestMode;
  /** Kernels that only some requests need: checked when idle, or before the first of these requests. */
  readonly onRequest: readonly Kernel[];
}

/** A variant that wins must be this much faster than the one that is preferred: less is noise. */
const WINS_BY = 0.95;
const TIMING_BUDGET_MS = 2000;

export class SelfTest {
  readonly #gpu: Gpu;
  readonly #host: SelfTestHost;
  readonly #traits: KernelTraits;
  readonly #verdicts: Verdicts;
  #last: Chosen | undefined;
  #timingMs = 0;
  #unchecked: ReadonlySet<string> = new Set();

  constructor(gpu: Gpu, host: SelfTestHost) {
    this.#gpu = gpu.apart();
    this.#host = host;
    this.#traits = gpu.traits;
    this.#verdicts = new Verdicts(this.#gpu, host);
  }

  /** @param always Kernels that the model needs besides those of its plan. */
  selectorFor(needs: KernelNeeds, always: readonly Kernel[] = []): VariantSelector {
    return {
      first: async () => {
        await this.#verdicts.remember();
        return this.#pickAll(needs);
      },
      check: (variants, kernels) => this.#check(variants, needs, [...kernels, ...always]),
    };
  }

  /** What a model uses from now on; report and idle work are about it. */
  chose(last: Chosen): void {
    this.#last = last;
  }

  /**
   * The next step of what is worth doing while nothing else is: a check of one more kernel, or the timing of one variant.
   * Undefined when all is done. Steps take a fraction of a second and end early when the signal aborts.
   */
  nextIdleStep(): ((signal: AbortSignal) => Promise<void>) | undefined {
    if (this.#last === undefined || this.#last.mode === 'skip') return undefined;
    if (this.#gpu.adapter.software && this.#host.idleOnSoftware !== true) return undefined;
    const { needs, mode, onRequest } = this.#last;
    const subject = this.#untested(needs) ?? this.#untestedSingle(onRequest);
    if (subject !== undefined) {
      return async () => {
        await this.#verdicts.of(subject);
        await this.#verdicts.save();
      };
    }
    const work = mode === 'full' ? this.#untimed(needs) : undefined;
    if (work === undefined) return undefined;
    return (signal) => this.#time(work, needs, signal);
  }

  /** Checks kernels of no family that were not checked yet. @throws ShaderFailed naming the one that is wrong */
  async beforeUse(kernels: readonly Kernel[]): Promise<void> {
    const { numTested } = this.#verdicts;
    await this.#verdicts.remember();
    await this.#checkSingles(kernels);
    if (this.#verdicts.numTested !== numTested) await this.#verdicts.save();
  }

  report(): SelfTestReport {
    const last = this.#last;
    const onRequest = (last?.onRequest ?? []).filter((kernel) => singleSubject(kernel) === undefined);
    return {
      families: last === undefined ? [] : KERNEL_FAMILIES.flatMap((family) => this.#familyReport(family, last)),
      struckOut: this.#verdicts.struckOut,
      unchecked: [...new Set([...this.#unchecked, ...onRequest.map(({ name }) => name)])],
      numKernelsTested: this.#verdicts.numTested,
      numKernelsRemembered: this.#verdicts.numRemembered,
      numDispatches: this.#gpu.counters.numDispatches,
      testingMs: this.#verdicts.testingMs,
      timingMs: this.#timingMs,
    };
  }

  async #check(variants: KernelVariants, needs: KernelNeeds, kernels: readonly Kernel[]): Promise<KernelVariants> {
    const { numTested } = this.#verdicts;
    const singles = this.#singles(kernels, needs);
    this.#unchecked = new Set(singles.filter((kernel) => singleSubject(kernel) === undefined).map(({ name }) => name));
    await this.#checkSingles(singles);
    let areRight = true;
    for (const family of KERNEL_FAMILIES) {
      const candidate = this.#candidates(family, needs).find(({ variant }) => variant === variants[family]);
      for (const subject of candidate?.subjects ?? []) {
        areRight = (await this.#verdicts.of(subject)).kind === 'right' && areRight;
      }
    }
    if (this.#verdicts.numTested !== numTested) await this.#verdicts.save();
    return areRight ? variants : this.#pickAll(needs);
  }

  /** Those of no family. */
  #singles(kernels: readonly Kernel[], needs: KernelNeeds): readonly Kernel[] {
    const ofFamilies = new Set(
      KERNEL_FAMILIES.flatMap((family) => this.#candidates(family, needs))
        .flatMap(({ subjects }) => subjects)
        .map(({ kernel }) => kernel.name),
    );
    return kernels.filter(({ name }) => !ofFamilies.has(name));
  }

  /** @throws ShaderFailed naming the one that is wrong */
  async #checkSingles(singles: readonly Kernel[]): Promise<void> {
    for (const subject of singles.flatMap((kernel) => singleSubject(kernel) ?? [])) {
      const verdict = await this.#verdicts.of(subject);
      if (verdict.kind === 'right') continue;
      this.#verdicts.forgetAccidents();
      await this.#verdicts.save();
      throw new LinnetError(
        'ShaderFailed',
        `The kernel ${subject.kernel.name}, which nothing stands in for, does not work on this device (${verdict.problem}, ${verdict.detail}). Update the browser or the graphics driver, or use another browser.`,
      );
    }
  }

  #pickAll(needs: KernelNeeds): KernelVariants {
    return {
      gemm: this.#pick('gemm', needs),
      gemv: this.#pick('gemv', needs),
      attention: this.#pick('attention', needs),
      decodeAttention: this.#pick('decodeAttention', needs),
      gemmInt8: this.#pick('gemmInt8', needs),
      gemvInt8: this.#pick('gemvInt8', needs),
    };
  }

  #pick<F extends KernelFamily>(family: F, needs: KernelNeeds): KernelVariants[F] {
    const candidates: readonly Candidate<F>[] = candidatesOf(family, needs, this.#traits);
    const usable = candidates.filter((candidate) => this.#problems(candidate).length === 0);
    const [preferred] = usable;
    if (preferred === undefined) throw this.#noneLeft(family, needs);
    const timeOf = ({ variant }: Candidate<F>) => this.#timeOf(family, variant, needs) ?? Infinity;
    const fastest = usable.reduce((best, candidate) => (timeOf(candidate) < timeOf(best) ? candidate : best));
    const wins = timeOf(preferred) < Infinity && timeOf(fastest) < WINS_BY * timeOf(preferred);
    return (wins ? fastest : preferred).variant;
  }

  #candidates(family: KernelFamily, needs: KernelNeeds): readonly Candidate[] {
    return candidatesOf(family, needs, this.#traits);
  }

  /** Those that nothing is known against. */
  #usable(family: KernelFamily, needs: KernelNeeds): readonly Candidate[] {
    return this.#candidates(family, needs).filter((candidate) => this.#problems(candidate).length === 0);
  }

  /** Which of a variant's kernels are struck out, and why. */
  #problems({ subjects }: Candidate): readonly string[] {
    return subjects.flatMap(({ kernel }) => {
      const verdict = this.#verdicts.known(kernel);
      return verdict?.kind === 'struckOut' ? [`${kernel.name}: ${verdict.problem}, ${verdict.detail}`] : [];
    });
  }

  #timeOf(family: KernelFamily, variant: string, needs: KernelNeeds): number | undefined {
    return this.#verdicts.timings(workName(family, needs))[variant];
  }

  #noneLeft(family: KernelFamily, needs: KernelNeeds): LinnetError {
    const problems = this.#candidates(family, needs).flatMap((candidate) => this.#problems(candidate));
    this.#verdicts.forgetAccidents();
    void this.#verdicts.save();
    return new LinnetError(
      'ShaderFailed',
      `None of the ${family} kernels for this model works on this device (${problems.join('; ')}). Update the browser or the graphics driver, or use another browser.`,
    );
  }

  /** A variant that is struck out needs no more checking. */
  #untested(needs: KernelNeeds): Subject | undefined {
    return KERNEL_FAMILIES.flatMap((family) => this.#usable(family, needs))
      .flatMap(({ subjects }) => subjects)
      .find(({ kernel }) => this.#verdicts.known(kernel) === undefined);
  }

  #untestedSingle(kernels: readonly Kernel[]): SingleSubject | undefined {
    return kernels
      .flatMap((kernel) => singleSubject(kernel) ?? [])
      .find(({ kernel }) => this.#verdicts.known(kernel) === undefined);
  }

  /** A variant that was not timed, where there is a choice and time left for it. */
  #untimed(needs: KernelNeeds): { readonly family: KernelFamily; readonly candidate: Candidate } | undefined {
    if (this.#timingMs >= (this.#host.timingBudgetMs ?? TIMING_BUDGET_MS)) return undefined;
    for (const family of KERNEL_FAMILIES) {
      const usable = this.#usable(family, needs);
      const candidate = usable.find(({ variant }) => this.#timeOf(family, variant, needs) === undefined);
      if (usable.length > 1 && candidate !== undefined && candidate.subjects.some(isTimed))
        return { family, candidate };
    }
    return undefined;
  }

  async #time(
    { family, candidate }: { readonly family: KernelFamily; readonly candidate: Candidate },
    needs: KernelNeeds,
    signal: AbortSignal,
  ): Promise<void> {
    const { nowMs } = this.#host;
    const startMs = nowMs();
    try {
      const microseconds = await timeVariant(this.#gpu, candidate.subjects, needs, nowMs, signal);
      this.#verdicts.setTiming(workName(family, needs), candidate.variant, microseconds);
    } finally {
      this.#timingMs += nowMs() - startMs;
    }
    await this.#verdicts.save();
  }

  #familyReport(family: KernelFamily, { needs, chosen, mode }: Chosen): readonly KernelFamilyReport[] {
    const candidates = this.#candidates(family, needs);
    // A cache of several shards sends prompt rows the way of generated rows.
    if (candidates.every(({ subjects }) => subjects.length === 0)) return [];
    const variants = candidates.map((candidate) => this.#variantReport(family, candidate, needs));
    const before = variants.slice(
      0,
      candidates.findIndex(({ variant }) => variant === chosen[family]),
    );
    const isReplacement = before.every(({ state }) => state === 'struckOut');
    const reason = before.length === 0 ? 'preferred' : isReplacement ? 'replacement' : 'fastest';
    return [{ family, chosen: chosen[family], reason: mode === 'skip' ? 'setting' : reason, variants }];
  }

  #variantReport(family: KernelFamily, candidate: Candidate, needs: KernelNeeds): KernelVariantReport {
    const isStruckOut = this.#problems(candidate).length > 0;
    const isRight = candidate.subjects.every(({ kernel }) => this.#verdicts.known(kernel)?.kind === 'right');
    return {
      name: candidate.variant,
      state: isStruckOut ? 'struckOut' : isRight ? 'right' : 'untested',
      microseconds: this.#timeOf(family, candidate.variant, needs),
    };
  }
}
