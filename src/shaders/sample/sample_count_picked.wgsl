// Counts the tokens that sample_pick left in the records, for rows with penalties, but for those picked behind a wrong draft.
// One thread, one workgroup a row; one dispatch a segment.

override SEGMENT: u32;

@group(0) @binding(0) var<storage, read> rows: array<SampleRow>; // [num_rows]
@group(0) @binding(1) var<storage, read> records: array<u32>; // [num_rows, RECORD_WORDS]
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>; // [num_slots, SEGMENT_LENGTH]

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>) {
  let row = workgroup.x;
  let params = rows[row];
  let at = records[row * RECORD_WORDS + RECORD_ID] - SEGMENT * SEGMENT_LENGTH; // wraps for ids before the segment
  let picked = (records[row * RECORD_WORDS + RECORD_STATUS] & STATUS_NO_CANDIDATE) == 0u;
  if ((params.flags & FLAG_COUNTS) != 0u && picked && at < SEGMENT_LENGTH && drafts_are_right(params, row)) {
    atomicAdd(&counts[params.slot * SEGMENT_LENGTH + at], 1u);
  }
}

// A draft is right if it is what the row before its own picked.
fn drafts_are_right(params: SampleRow, row: u32) -> bool {
  var right = true;
  for (var back = 0u; back < params.num_drafts; back++) {
    right = right && records[(row - back - 1u) * RECORD_WORDS + RECORD_ID] == rows[row - back].draft;
  }
  return right;
}
