/**
 * Large contents of buffers to bytes of the host and back, in pieces: never more than `PIECE_BYTES` of it are in a second place. For
 * what may take its time; results of steps have a ring of their own. Knows nothing of what the bytes mean.
 */
import { LinnetError } from '../errors.ts';
import { BUFFER_USAGE, MAP_MODE_READ } from './flags.ts';
import type { Gpu } from './gpu.ts';

export const PIECE_BYTES = 16 * 2 ** 20;

/** A part of a buffer, whose place among the bytes is behind the spans before it. Offset and size are whole words. */
export interface Span {
  readonly sizeBytes: number;
  /** Undefined: the bytes are passed over. */
  readonly from: { readonly buffer: GPUBuffer; readonly offsetBytes: number } | undefined;
}

/** A part of a span that lies in a buffer, at most a piece. */
interface Part {
  readonly buffer: GPUBuffer;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Among the bytes. */
  readonly at: number;
}

/** Fills `bytes` with what the spans hold; nothing may write to them before it resolves. @throws OutOfMemory; the signal's reason, between two pieces */
export async function readSpans(
  gpu: Gpu,
  spans: readonly Span[],
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const { device, counters } = gpu;
  const pieces = piecesOf(spans, pieceBytes(gpu));
  if (pieces.length === 0) return;
  const staging = await createStaging(gpu, Math.max(...pieces.map(sizeOf)));
  try {
    for (const parts of pieces) {
      signal?.throwIfAborted();
      const encoder = device.createCommandEncoder({ label: 'transfer' });
      let filled = 0;
      for (const { buffer, offsetBytes, sizeBytes } of parts) {
        encoder.copyBufferToBuffer(buffer, offsetBytes, staging, filled, sizeBytes);
        filled += sizeBytes;
      }
      device.queue.submit([encoder.finish()]);
      counters.numSubmits += 1;
      await staging.mapAsync(MAP_MODE_READ, 0, filled);
      const mapped = new Uint8Array(staging.getMappedRange(0, filled));
      let taken = 0;
      for (const { at, sizeBytes } of parts) {
        bytes.set(mapped.subarray(taken, taken + sizeBytes), at);
        taken += sizeBytes;
      }
      staging.unmap();
    }
  } finally {
    gpu.destroyBuffer(staging);
  }
}

/** Writes what `read` gives for a range of the bytes into the spans. Resolves when all of it has arrived. */
export async function writeSpans(
  gpu: Gpu,
  spans: readonly Span[],
  read: (offsetBytes: number, lengthBytes: number) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const { queue } = gpu.device;
  for (const parts of piecesOf(spans, pieceBytes(gpu))) {
    for (const run of runsOf(parts)) {
      const [first] = run;
      if (first === undefined) continue;
      const bytes = await read(first.at, sizeOf(run));
      for (const { buffer, offsetBytes, sizeBytes, at } of run)
        queue.writeBuffer(buffer, offsetBytes, bytes, at - first.at, sizeBytes);
    }
    // What was written waits in memory of the host until it is submitted and done.
    queue.submit([]);
    await queue.onSubmittedWorkDone();
  }
}

function pieceBytes({ limits }: Gpu): number {
  return Math.min(PIECE_BYTES, Math.floor(limits.maxBufferBytes / 4) * 4);
}

/** Groups of parts, each of at most `maxBytes`. */
function piecesOf(spans: readonly Span[], maxBytes: number): readonly (readonly Part[])[] {
  const pieces: Part[][] = [];
  let room = 0;
  let at = 0;
  for (const { from, sizeBytes } of spans) {
    for (let done = 0; from !== undefined && done < sizeBytes;) {
      if (room === 0) {
        pieces.push([]);
        room = maxBytes;
      }
      const size = Math.min(room, sizeBytes - done);
      pieces.at(-1)?.push({
        buffer: from.buffer,
        offsetBytes: from.offsetBytes + done,
        sizeBytes: size,
        at: at + done,
      });
      room -= size;
      done += size;
    }
    at += sizeBytes;
  }
  return pieces;
}

/** Parts whose bytes lie behind one another. */
function runsOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  const runs: Part[][] = [];
  let end = -1;
  for (const part of parts) {
    if (part.at === end) runs.at(-1)?.push(part);
    else runs.push([part]);
    end = part.at + part.sizeBytes;
  }
  return runs;
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** A lack of memory for it is this call's failure, not the device's. */
async function createStaging(gpu: Gpu, sizeBytes: number): Promise<GPUBuffer> {
  gpu.device.pushErrorScope('out-of-memory');
  const staging = gpu.createBuffer('transfer.staging', sizeBytes, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST);
  const problem = await gpu.device.popErrorScope();
  if (problem === null) return staging;
  gpu.destroyBuffer(staging);
  throw new LinnetError('OutOfMemory', `The GPU has no room to read from (${problem.message}). Close other pages.`);
}
