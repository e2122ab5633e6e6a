/** How matrix products are computed, by name; apart from the kernels, for those who only name it. */

/** Whether products are exact but for the order of their sums, or their inputs are rounded to signed bytes before. */
export type Precision = 'exact' | 'int8';

export const PRECISIONS: readonly Precision[] = ['exact', 'int8'];
