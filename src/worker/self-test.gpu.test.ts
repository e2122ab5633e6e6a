/**
 * The self-test as a client sees it: a driver that miscompiles a kernel and one that refuses a kernel change which variants
 * are used and not a letter of the text; what was found out is remembered; a family without a right variant is an error;
 * the rest is checked and timed when nothing else runs.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestAdapters } from '../../tools/node/test-devices.ts';
import { TestEngine, type Miscompile } from '../../tools/node/test-engine.ts';
import { MemoryRecords } from '../cache/record-store.ts';
import type { KernelFamilyReport, SelfTestReport } from './api.ts';

const QUESTION = {
  input: { kind: 'text', text: 'bada bid gebe gugu lala didu mo' },
  maxTokens: 16,
  sampling: { temperature: 0 },
  ignoreEos: true,
} as const;

/** Drops the outputs of the last partial tile. */
const dropsLastTile: Miscompile = (kernel, code) =>
  kernel.startsWith('linear_gemm_columns')
    ? code.replaceAll('n < params.num_out', '(n / 64u) * 64u + 64u <= params.num_out')
    : code;
const refusesAttention: Miscompile = (kernel, code) =>
  kernel.startsWith('attention_rows') ? `${code}\nnonsense;` : code;

const familyOf = ({ families }: SelfTestReport, name: string): KernelFamilyReport => {
  const family = families.find((one) => one.family === name);
  if (family === undefined) throw new Error(`no report of ${name}`);
  return family;
};

for (const { name, title } of openTestAdapters()) {
  describe.skipIf(title.includes('skipped'))(title, () => {
    let text: string;
    let untouched: SelfTestReport;
    beforeAll(async () => {
      const engine = await TestEngine.open(name);
      const { handle } = await engine.load();
      ({ text } = (await engine.ask(handle, QUESTION)).result);
      ({ selfTest: untouched } = await engine.engine.stats());
    }, 240_000);

    it('checks what the model needs before it is ready, and no more', () => {
      expect(untouched.families.map(({ family, chosen, reason }) => [family, chosen, reason])).toEqual([
        ['gemv', 'columns', 'preferred'],
        ['gemm', 'columns', 'preferred'],
        ['attention', 'rows', 'preferred'],
        ['decodeAttention', 'grouped', 'preferred'],
      ]);
      const states = untouched.families.map(({ variants }) => variants.map(({ state }) => state));
      expect(states).toEqual([
        ['right', 'untested', 'untested'],
        ['right', 'untested', 'untested'],
        ['right', 'untested'],
        ['right', 'untested'],
      ]);
      // A product and a gated product of generated rows, a product of prompt rows, two attentions: one type of weights, 22
      // dispatches. Then what nothing stands in for: gather, norm, rotation, the end of attention, gate, two of the sampler.
      expect(untouched).toMatchObject({
        numKernelsTested: 12,
        numKernelsRemembered: 0,
        numDispatches: 32,
        struckOut: [],
        unchecked: [],
      });
    });

    it('strikes out what is wrong and what does not compile, remembers it, and the text is the same', async () => {
      const records = new MemoryRecords();
      const miscompile: Miscompile = (kernel, code) => refusesAttention(kernel, dropsLastTile(kernel, code));
      const engine = await TestEngine.open(name, { miscompile, selfTest: { records } });
      const { handle } = await engine.load();
      expect((await engine.ask(handle, QUESTION)).result.text).toBe(text);
      const { selfTest } = await engine.engine.stats();
      expect(familyOf(selfTest, 'gemm')).toMatchObject({ chosen: 'rows', reason: 'replacement' });
      expect(familyOf(selfTest, 'attention')).toMatchObject({ chosen: 'flash', reason: 'replacement' });
      expect(familyOf(selfTest, 'gemv')).toMatchObject({ chosen: 'columns', reason: 'preferred' });
      expect(selfTest.struckOut).toEqual([
        {
          kernel: expect.stringMatching(/^linear_gemm_columns[48]_q8_0$/) as unknown,
          problem: 'wrong',
          detail: expect.stringMatching(/^word \d+ is .* differ, \d+ rows$/) as unknown,
        },
        {
          kernel: 'attention_rows_f16',
          problem: 'doesNotCompile',
          detail: expect.stringMatching(/unexpected token/) as unknown,
        },
      ]);
      // On the next visit the driver is the same, and nothing of it is tried again.
      const later = await TestEngine.open(name, { miscompile, selfTest: { records } });
      await later.load();
      const { selfTest: remembered } = await later.engine.stats();
      expect(remembered).toMatchObject({ numKernelsTested: 0, numKernelsRemembered: 14, numDispatches: 0 });
      expect(remembered.families).toEqual(selfTest.families);
    }, 240_000);

    it('in int8 does without the dot product of a driver that has it wrong: the same integers, the same text', async () => {
      const load = { precision: 'int8' } as const;
      const right = await TestEngine.open(name);
      const wrong = await TestEngine.open(name, {
        miscompile: (_, code) => code.replaceAll('dot4I8Packed(a, b)', 'dot4I8Packed(a, b & 0x7fffffffu)'),
      });
      const answers = [];
      for (const engine of [right, wrong]) {
        const { handle, precision, notes } = await engine.load(load);
        expect(precision).toBe('int8');
        expect(notes.filter((note) => note.includes('int8'))).toEqual([]);
        answers.push((await engine.ask(handle, QUESTION)).result.text);
      }
      expect(answers[1]).toBe(answers[0]);
      const { selfTest, precision } = await right.engine.stats();
      expect(precision).toBe('int8');
      // All weights of the model are of one type that can be: no exact product is needed.
      expect(selfTest.families.map(({ family, chosen }) => [family, chosen])).toEqual([
        ['gemvInt8', 'rows'],
        ['gemmInt8', 'rows'],
        ['attention', 'rows'],
        ['decodeAttention', 'grouped'],
      ]);
      const { selfTest: found } = await wrong.engine.stats();
      for (const family of ['gemvInt8', 'gemmInt8']) {
        expect(familyOf(found, family)).toMatchObject({ chosen: 'emulated', reason: 'replacement' });
      }
      expect(found.struckOut.map(({ problem }) => problem)).toEqual(['wrong', 'wrong', 'wrong', 'wrong']);
      const { device } = await wrong.engine.info();
      expect(device?.variants).toMatchObject({ precision: 'int8', gemvInt8: 'emulated', gemmInt8: 'emulated' });
      await expect(right.load({ precision: 'half' as 'int8' })).rejects.toMatchObject({ name: 'InvalidRequest' });
    }, 240_000);

    it('says so when no variant of a family is right', async () => {
      const records = new MemoryRecords();
      const miscompile: Miscompile = (kernel, code) =>
        kernel.startsWith('linear_gemv') || kernel.startsWith('linear_normed_gemv')
          ? code.replace('fma(value, scale, b)', 'fma(value, scale * 1.001, b)')
          : code;
      const engine = await TestEngine.open(name, { miscompile, selfTest: { records } });
      await expect(engine.load()).rejects.toMatchObject({
        name: 'ShaderFailed',
        message: expect.stringMatching(
          /gemv.*linear_gemv_columns[48]_q8_0: wrong.*_rows_q8_0: wrong.*_lanes_q8_0: wrong/,
        ) as unknown,
      });
      // Who insists gets what there is.
      const { handle } = await engine.load({ selfTest: 'skip' });
      await engine.ask(handle, { ...QUESTION, maxTokens: 2 });
      const { selfTest } = await engine.engine.stats();
      expect(familyOf(selfTest, 'gemv')).toMatchObject({ chosen: 'columns', reason: 'setting' });
    }, 240_000);

    it.each<[string, RegExp, string, string]>([
      ['a norm', /^rmsnorm_f32$/, ' / f32(params.num_elements)', ' / f32(params.num_elements + 1u)'],
      ['the rotation', /^rope_append_f16$/, 'fma(here.x, a.x,', 'fma(here.x, a.y,'],
      ['the sampler', /^sample_pick_/, 'ID_LIMIT - id > best_rev', 'ID_LIMIT - id < best_rev'],
    ])(
      'refuses to load where %s is wrong, and names it: nothing stands in for it',
      async (_, name_, right, wrong) => {
        const miscompile: Miscompile = (kernel, code) => {
          if (!name_.test(kernel)) return code;
          expect(code).toContain(right);
          return code.replaceAll(right, wrong);
        };
        const engine = await TestEngine.open(name, { miscompile });
        await expect(engine.load()).rejects.toMatchObject({
          name: 'ShaderFailed',
          message: expect.stringMatching(
            new RegExp(`The kernel ${name_.source.slice(1).replace('$', '')}.*stands in for.*wrong`),
          ) as unknown,
        });
        const { selfTest } = await engine.engine.stats();
        expect(selfTest.struckOut).toEqual([
          { kernel: expect.stringMatching(name_) as unknown, problem: 'wrong', detail: expect.any(String) as unknown },
        ]);
      },
      240_000,
    );

    it('tests and times the rest when nothing else runs, and the next load uses what it found', async () => {
      const engine = await TestEngine.open(name, { selfTest: { idleOnSoftware: true, timingBudgetMs: 600_000 } });
      const { handle } = await engine.load();
      const before = await engine.engine.stats();
      const isDone = ({ families }: SelfTestReport) =>
        families.every(({ variants }) => variants.every(({ microseconds }) => microseconds !== undefined));
      await expect
        .poll(async () => isDone((await engine.engine.stats()).selfTest), { timeout: 200_000, interval: 500 })
        .toBe(true);
      // A model keeps its variants for life: its cache holds what they computed.
      const { selfTest, ...after } = await engine.engine.stats();
      expect(familyOf(selfTest, 'gemm').chosen).toBe('columns');
      // Nothing of it is in the counters of models.
      expect(after.numDispatches).toBe(before.numDispatches);
      expect(after.bufferBytes).toBe(before.bufferBytes);
      await engine.engine.unload(handle);
      await engine.load();
      const { selfTest: next } = await engine.engine.stats();
      expect(next.numKernelsTested).toBe(selfTest.numKernelsTested);
      for (const { chosen, variants } of next.families) {
        const [preferred] = variants;
        const timeOf = (wanted: string) => variants.find((one) => one.name === wanted)?.microseconds ?? NaN;
        const best = Math.min(...variants.map(({ microseconds = NaN }) => microseconds));
        const wins = best < 0.95 * timeOf(preferred?.name ?? '');
        expect(timeOf(chosen)).toBe(wins ? best : timeOf(preferred?.name ?? ''));
      }
    }, 240_000);
  });
}
