/** Everything the page says, in one language; a type alone. */
import type { DeviceStrings } from './device-strings.ts';
import type { HistoryStrings } from './history-strings.ts';
import type { Strings } from './strings.ts';

export interface Dictionary {
  readonly page: Strings;
  readonly history: HistoryStrings;
  readonly device: DeviceStrings;
}
