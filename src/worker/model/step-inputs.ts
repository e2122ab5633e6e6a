/**
 * What a step needs on the GPU besides weights and cache: row descriptions, block tables, rotary angles, attention tiles
 * and the list of rows that want logits; filled from a Batch and written with a few small writes. Nothing is allocated
 * per step. Knows no kernels' insides.
 */
import { FLASH_TILE_ROWS } from '../../shaders/attention/attention.ts';
import { LinnetError } from '../errors.ts';
import type { StepShape } from '../gpu/dispatch.ts';
import { BUFFER_USAGE } from '../gpu/flags.ts';
import type { BufferRange, Gpu } from '../gpu/gpu.ts';
import type { Batch, BatchRow } from '../scheduler/batch.ts';
import { BLOCK_TOKENS, type LayerKvPlan } from './kv-pool.ts';
import type { RopeTable } from './rope.ts';
import type { ModelSizes } from './sizes.ts';

/** NO_SLOT of span.wgsl. */
const NO_SLOT = 0xffffffff;

/** Of the rows of a step: where each is written, and where what it sees lies. */
export interface Pages {
  readonly rows: BufferRange; // [maxRows][4] token, position, slot, sequence
  readonly tables: BufferRange; // [maxSequences][tableStride]
}

export class StepInputs {
  readonly #gpu: Gpu;
  readonly #sizes: ModelSizes;
  /** The last word of a block table is the length of its sequence. */
  readonly #isEncoder: boolean;
  readonly #ropes: readonly RopeTable[];
  readonly #step = new Uint32Array(8);
  readonly #rows: Uint32Array<ArrayBuffer>; // [maxRows][4] token, position, slot, sequence
  readonly #tables: Uint32Array<ArrayBuffer>; // [maxSequences][tableStride]
  /** The same for layers whose blocks are those of the pool of windows; else empty. */
  readonly #windowRows: Uint32Array<ArrayBuffer>;
  readonly #windowTables: Uint32Array<ArrayBuffer>;
  readonly #angles: readonly Float32Array<ArrayBuffer>[]; // a table: [maxRows][stride][2]
  readonly #tiles: Uint32Array<ArrayBuffer>; // [maxRows][4] first, count, sequence, last position
  readonly #logitRows: Uint32Array<ArrayBuffer>; // [maxLogitRows]
  readonly #spans: Uint32Array<ArrayBuffer>; // [maxSequences][4] first row, rows, slot of the state before them
  readonly #rowSlots: Uint32Array<ArrayBuffer>; // [maxRows] where the state behind a row goes
  readonly step: BufferRange;
  readonly rows: BufferRange;
  readonly tables: BufferRange;
  readonly #windowPages: Pages;
  /** One of each rotary table. */
  readonly angles: readonly BufferRange[];
  readonly tiles: BufferRange;
  readonly logitRows: BufferRange;
  /** Of models with recurrent layers. */
  readonly spans: BufferRange;
  readonly rowSlots: BufferRange;

  constructor(gpu: Gpu, sizes: ModelSizes, ropes: readonly RopeTable[], isEncoder: boolean) {
    this.#gpu = gpu;
    this.#isEncoder = isEncoder;
    this.#sizes = sizes;
    this.#ropes = ropes;
    this.#rows = new Uint32Array(sizes.maxRows * 4);
    this.#tables = new Uint32Array(sizes.maxSequences * sizes.tableStride);
    const hasWindows = sizes.kv.windows !== undefined;
    this.#windowRows = new Uint32Array(hasWindows ? this.#rows.length : 0);
    this.#windowTables = new Uint32Array(hasWindows ? this.#tables.length : 0);
    this.#angles = ropes.map((rope) => new Float32Array(sizes.maxRows * rope.stride * 2));
    this.#tiles = new Uint32Array(sizes.maxRows * 4);
    this.#logitRows = new Uint32Array(sizes.maxLogitRows);
    const hasStates = sizes.states !== undefined;
    this.#spans = new Uint32Array(hasStates ? sizes.maxSequences * 4 : 0);
    this.#rowSlots = new Uint32Array(hasStates ? sizes.maxRows : 0);
    this.step = { buffer: gpu.createBuffer('step', 256, BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST) };
    this.rows = { buffer: gpu.createStorage('step.rows', this.#rows.byteLength) };
    this.tables = { buffer: gpu.createStorage('step.tables', this.#tables.byteLength) };
    this.#windowPages = {
      rows: { buffer: gpu.createStorage('step.windowRows', this.#windowRows.byteLength) },
      tables: { buffer: gpu.createStorage('step.windowTables', this.#windowTables.byteLength) },
    };
    this.angles = this.#angles.map(({ byteLength }) => ({ buffer: gpu.createStorage('step.angles', byteLength) }));
    this.tiles = { buffer: gpu.createStorage('step.tiles', this.#tiles.byteLength) };
    this.logitRows = { buffer: gpu.createStorage('step.logitRows', this.#logitRows.byteLength) };
    this.spans = { buffer: gpu.createStorage('step.spans', this.#spans.byteLength) };
    this.rowSlots = { buffer: gpu.createStorage('step.rowSlots', this.#rowSlots.byteLength) };
  }

  /** Rows and tables that name the blocks of a layer. */
  pagesOf({ inWindows }: Pick<LayerKvPlan, 'inWindows'>): Pages {
    return inWindows ? this.#windowPages : { rows: this.rows, tables: this.tables };
  }

  /** Fills and writes everything for a batch. @throws Internal when the batch exceeds the planned sizes. */
  write(batch: Batch): StepShape {
    const { rows, sequences } = batch;
    const numPrompt = rows.filter((row) => row.tokenClass === 'prompt').length;
    const numGenerated = rows.length - numPrompt;
    this.#checkSizes(batch, numGenerated);
    let numPromptLogits = 0;
    let numLogits = 0;
    let maxPromptKeys = 0;
    let maxGeneratedKeys = 0;
    rows.forEach((row, r) => {
      this.#writeRow(batch, row, r);
      if (row.wantLogits) this.#logitRows[numLogits++] = r;
      if (row.tokenClass === 'prompt') {
        if (row.wantLogits) numPromptLogits += 1;
        maxPromptKeys = Math.max(maxPromptKeys, row.position + 1);
      } else {
        maxGeneratedKeys = Math.max(maxGeneratedKeys, row.position + 1);
      }
    });
    sequences.forEach((sequence, s) => {
      const { tableStride } = this.#sizes;
      sequence.blockTable.forEach((block, i) => (this.#tables[s * tableStride + i] = block));
      if (this.#isEncoder) this.#tables[(s + 1) * tableStride - 1] = sequence.length;
    });
    if (this.#sizes.kv.windows !== undefined) this.#writeWindows(batch);
    if (this.#sizes.states !== undefined) this.#writeSpans(batch);
    const numTiles = this.#writeTiles(rows.slice(0, numPrompt));
    this.#step.set([
      numPrompt,
      numGenerated,
      numPromptLogits,
      numLogits - numPromptLogits,
      numTiles,
      this.#sizes.tableStride,
    ]);
    this.#upload(rows.length, sequences.length, numTiles, numLogits);
    return {
      numPrompt,
      numGenerated,
      numPromptLogits,
      numGeneratedLogits: numLogits - numPromptLogits,
      numSequences: sequences.length,
      numTiles,
      maxPromptKeys,
      maxGeneratedKeys,
    };
  }

  /**
   * Records, in front of the pass, the copies of ids that only the GPU knows: of rows with a pending token, from `drawn`, where
   * the step before left an id for each of its rows of logits.
   * @throws Internal when there are such rows and nothing to copy from.
   */
  recordPending(encoder: GPUCommandEncoder, { rows }: Batch, drawn: GPUBuffer | undefined): void {
    rows.forEach(({ token }, r) => {
      if (typeof token === 'number') return;
      if (drawn === undefined) throw new LinnetError('Internal', `Row ${String(r)} has a token that nobody drew.`);
      encoder.copyBufferToBuffer(drawn, token.logitRow * 4, this.rows.buffer, r * 16, 4);
    });
  }

  #writeRow(batch: Batch, row: BatchRow, r: number): void {
    const block = batch.sequences[row.sequence]?.blockTable[Math.floor(row.position / BLOCK_TOKENS)];
    if (block === undefined) throw new LinnetError('Internal', `Row ${String(r)} has no block for its position.`);
    this.#rows[r * 4] = typeof row.token === 'number' ? row.token : 0;
    this.#rows[r * 4 + 1] = row.position;
    this.#rows[r * 4 + 2] = block * BLOCK_TOKENS + (row.position % BLOCK_TOKENS);
    this.#rows[r * 4 + 3] = row.sequence;
    this.#ropes.forEach((rope, i) => {
      const angles = this.#angles[i];
      if (angles !== undefined) rope.write(row.position, angles, r * rope.stride * 2);
    });
  }

  /** @throws Internal for a sequence without a table of its windows */
  #writeWindows({ rows, sequences }: Batch): void {
    const { tableStride } = this.#sizes;
    this.#windowRows.set(this.#rows.subarray(0, rows.length * 4));
    rows.forEach(({ sequence, position }, r) => {
      const block = sequences[sequence]?.windowTable?.[Math.floor(position / BLOCK_TOKENS)];
      if (block === undefined) throw new LinnetError('Internal', `Row ${String(r)} has no block of its window.`);
      this.#windowRows[r * 4 + 2] = block * BLOCK_TOKENS + (position % BLOCK_TOKENS);
    });
    sequences.forEach(({ windowTable = [] }, s) => {
      this.#windowTables.set(windowTable, s * tableStride);
    });
  }

  /** The rows of a sequence are neighbours. @throws Internal for a sequence without a place for its state */
  #writeSpans({ rows, sequences }: Batch): void {
    for (let first = 0; first < rows.length;) {
      const index = rows[first]?.sequence ?? 0;
      let end = first + 1;
      while (rows[end]?.sequence === index) end += 1;
      const { from, to = [] } = sequences[index]?.states ?? {};
      if (to[end - first - 1] === undefined) throw new LinnetError('Internal', 'A state without a place.');
      this.#spans.set([first, end - first, from ?? NO_SLOT], index * 4);
      for (let row = first; row < end; row++) this.#rowSlots[row] = to[row - first] ?? NO_SLOT;
      first = end;
    }
  }

  /** Cuts the prompt rows into tiles of one sequence each; returns how many. */
  #writeTiles(promptRows: readonly BatchRow[]): number {
    let numTiles = 0;
    for (let first = 0; first < promptRows.length;) {
      const sequence = promptRows[first]?.sequence ?? 0;
      let count = 1;
      while (count < FLASH_TILE_ROWS && promptRows[first + count]?.sequence === sequence) count += 1;
      const last = promptRows[first + count - 1];
      this.#tiles.set([first, count, sequence, last?.position ?? 0], numTiles * 4);
      numTiles += 1;
      first += count;
    }
    return numTiles;
  }

  #upload(numRows: number, numSequences: number, numTiles: number, numLogits: number): void {
    const { queue } = this.#gpu.device;
    queue.writeBuffer(this.step.buffer, 0, this.#step);
    queue.writeBuffer(this.rows.buffer, 0, this.#rows, 0, numRows * 4);
    queue.writeBuffer(this.tables.buffer, 0, this.#tables, 0, numSequences * this.#sizes.tableStride);
    if (this.#sizes.kv.windows !== undefined) {
      const { rows, tables } = this.#windowPages;
      queue.writeBuffer(rows.buffer, 0, this.#windowRows, 0, numRows * 4);
      queue.writeBuffer(tables.buffer, 0, this.#windowTables, 0, numSequences * this.#sizes.tableStride);
    }
    this.#ropes.forEach((rope, i) => {
      const [target, angles] = [this.angles[i], this.#angles[i]];
      if (target === undefined || angles === undefined) return;
      queue.writeBuffer(target.buffer, 0, angles, 0, numRows * rope.stride * 2);
    });
    if (this.#sizes.states !== undefined) {
      queue.writeBuffer(this.spans.buffer, 0, this.#spans, 0, numSequences * 4);
      queue.writeBuffer(this.rowSlots.buffer, 0, this.#rowSlots, 0, numRows);
    }
    if (numTiles > 0) queue.writeBuffer(this.tiles.buffer, 0, this.#tiles, 0, numTiles * 4);
    if (numLogits > 0) queue.writeBuffer(this.logitRows.buffer, 0, this.#logitRows, 0, numLogits);
  }

  #checkSizes(batch: Batch, numGenerated: number): void {
    const numLogits = batch.rows.filter((row) => row.wantLogits).length;
    const { maxRows, maxGeneratedRows, maxLogitRows, maxSequences, tableStride } = this.#sizes;
    const longest = Math.max(0, ...batch.sequences.map((sequence) => sequence.blockTable.length));
    if (
      batch.rows.length > maxRows ||
      numGenerated > maxGeneratedRows ||
      numLogits > maxLogitRows ||
      batch.sequences.length > maxSequences ||
      longest > tableStride
    ) {
      throw new LinnetError(
        'Internal',
        `A batch of ${String(batch.rows.length)} rows (${String(numGenerated)} generated, ${String(numLogits)} with logits, ${String(longest)} blocks) is larger than planned.`,
      );
    }
  }
}
