/** What a load has to say beside the model: what is missing or was asked for in vain. Knows nothing of how models are loaded. */
import type { OpenModel } from '../../cache/open-model.ts';
import type { KernelNeeds } from '../../shaders/variants.ts';
import type { LoadedModel } from '../api.ts';
import type { ModelPlan } from '../model/runner.ts';
import type { TextModel } from '../serving/text-model.ts';

export interface NoteSources {
  readonly task: LoadedModel['task'];
  readonly text: TextModel;
  /** Where the file is kept; undefined for one of the page's. */
  readonly stored: OpenModel | undefined;
  readonly plan: ModelPlan;
  readonly needs: KernelNeeds;
}

/** `LoadedModel.notes` */
export function notesOf({ task, text, stored, plan, needs }: NoteSources): readonly string[] {
  const ofText = task === 'generation' ? text.note : undefined;
  const notes = [ofText, stored?.storageProblem?.message, precisionNote(plan, needs)];
  return notes.filter((note) => note !== undefined);
}

/** A setting that changes nothing is said to. */
function precisionNote({ sizes }: ModelPlan, { int8 }: KernelNeeds): string | undefined {
  if (sizes.precision === 'exact' || int8.length > 0) return undefined;
  return 'No weights of this model are of a type that can be multiplied in int8 (Q4_0, Q8_0, Q4_K, Q6_K): products are exact.';
}
