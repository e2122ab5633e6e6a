/** The check of any kernel that there is a choice of. Making it takes some milliseconds: the oracle computes. */
import type { Subject } from '../variants.ts';
import { attentionCheck } from './attention-check.ts';
import type { KernelCheck } from './check.ts';
import { decodeCheck } from './decode-check.ts';
import { linearCheck } from './linear-check.ts';

export function checkOf(subject: Subject): KernelCheck {
  switch (subject.op) {
    case 'attention':
      return attentionCheck(subject);
    case 'decodeAttention':
      return decodeCheck(subject);
    case 'gemm':
    case 'gemv':
    case 'gated':
    case 'gemmInt8':
    case 'gemvInt8':
      return linearCheck(subject);
  }
}
