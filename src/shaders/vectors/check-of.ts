/** The check of any kernel that there is a choice of. Making it takes some milliseconds: the oracle computes. */
import type { Subject } from '../variants.ts';
import { attentionCheck } from './attention-check.ts';
import type { KernelCheck } from './check.ts';
import { linearCheck } from './linear-check.ts';

export function checkOf(subject: Subject): KernelCheck {
  return subject.op === 'attention' ? attentionCheck(subject) : linearCheck(subject);
}
