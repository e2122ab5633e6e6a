/** The check of any kernel that has one. Making it takes some milliseconds: the oracle computes. */
import type { Subject } from '../variants.ts';
import { attentionCheck } from './attention-check.ts';
import type { KernelCheck } from './check.ts';
import { decodeCheck } from './decode-check.ts';
import { expertCheck } from './expert-check.ts';
import { linearCheck } from './linear-check.ts';
import type { SingleSubject } from './single-check.ts';

/** One of several variants, or the only kernel there is for its work. */
export type CheckedSubject = Subject | SingleSubject;

export function checkOf(subject: CheckedSubject): KernelCheck {
  switch (subject.op) {
    case 'single':
      return subject.check();
    case 'attention':
      return attentionCheck(subject);
    case 'decodeAttention':
      return decodeCheck(subject);
    case 'expertGemm':
    case 'expertGemv':
      return expertCheck(subject);
    case 'gemm':
    case 'gemv':
    case 'gated':
    case 'gemmInt8':
    case 'gemvInt8':
      return linearCheck(subject);
  }
}
