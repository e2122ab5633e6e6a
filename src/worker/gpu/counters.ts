/**
 * P13: what was really done, counted; the proof on adapters where time says little. Plain numbers, written by the GPU
 * layer and the runner, read by `stats`. Knows nothing of models.
 */
export class Counters {
  numSteps = 0;
  numDispatches = 0;
  numSubmits = 0;
  numPromptRows = 0;
  numGeneratedRows = 0;
  /** Steps that could be recorded only when the result of the step right before them had been read. */
  numWaits = 0;
  weightBytesRead = 0;
  kvBytesRead = 0;
  numBuffersCreated = 0;
  numBindGroupsCreated = 0;
  bufferBytes = 0;
  peakBufferBytes = 0;
}
