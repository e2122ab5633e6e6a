/** The random rows of the self-test are those of the kernel tests. */
export * from '../vectors/blocks.ts';
