/** The tolerances of the self-test are those of the kernel tests. */
export * from '../vectors/tolerance.ts';
