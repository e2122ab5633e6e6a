/** What is called a matter of policy, in a page without one: reports are sent by hand. */
import { describe, expect, it } from 'vitest';
import { BlockedByPolicy, checkWorkers, underPolicy, whenForbidden } from './policy.ts';

function report(effectiveDirective: string, disposition: 'enforce' | 'report' = 'enforce'): void {
  document.dispatchEvent(
    new SecurityPolicyViolationEvent('securitypolicyviolation', {
      effectiveDirective,
      disposition,
      documentURI: location.href,
      originalPolicy: '',
      statusCode: 200,
      violatedDirective: effectiveDirective,
    }),
  );
}

describe('a failure', () => {
  const failing = (before: () => void) => async (): Promise<never> => {
    await Promise.resolve();
    before();
    throw new TypeError('Failed to fetch');
  };

  it('is one of policy with a report of its kind, before it or a moment later', async () => {
    const now = underPolicy(
      'connect-src https://a.test',
      failing(() => report('connect-src')),
    );
    await expect(now).rejects.toMatchObject({ name: 'BlockedByPolicy', directive: 'connect-src https://a.test' });
    const later = underPolicy(
      'script-src https://a.test',
      failing(() => setTimeout(report, 20, 'script-src-elem')),
    );
    await expect(later).rejects.toBeInstanceOf(BlockedByPolicy);
  });

  it('is itself without one, with one of another kind, and with one that only tells', async () => {
    for (const before of [() => undefined, () => report('img-src'), () => report('connect-src', 'report')]) {
      await expect(underPolicy('connect-src https://a.test', failing(before))).rejects.toBeInstanceOf(TypeError);
    }
  });
});

it('starts a worker where that is allowed', async () => {
  await expect(checkWorkers()).resolves.toBeUndefined();
});

it('does not call a host that does not answer forbidden', async () => {
  const source = { kind: 'url', url: 'http://localhost:9/none.gguf' } as const;
  const open = Symbol('open');
  const wait = new Promise((resolve) => setTimeout(resolve, 600, open));
  await expect(Promise.race([whenForbidden(source), wait])).resolves.toBe(open);
});
