/**
 * The import rules of the source, in the order in which they protect: who may know whom, who alone may use a library,
 * no cycles. Tests (`*.test.ts`, `*.browser.ts`, `*.bench.ts`, folders `testing/`) may reach for tools; nothing that ships may.
 */
const TEST = '(\\.(test|browser|bench)\\.ts$|/testing/)';
/** The two files that start a worker: bundlers want its path in their source. They import no code of it. */
const WORKER_STARTER = '^src/ui/start-worker(-inline)?\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'ui-knows-only-the-contract',
      comment: 'The page talks to the engine through worker/api.ts and nothing else of src.',
      severity: 'error',
      from: { path: '^src/ui/', pathNot: [TEST, WORKER_STARTER] },
      to: { path: '^src/', pathNot: ['^src/ui/', '^src/worker/api\\.ts$', '^src/assets\\.d\\.ts$'] },
    },
    {
      name: 'worker-starter-starts-only-main',
      severity: 'error',
      from: { path: WORKER_STARTER },
      to: { path: '^src/', pathNot: ['^src/ui/', '^src/worker/(api|main)\\.ts'] },
    },
    {
      name: 'contract-is-types-only',
      comment: 'import type { ... } from worker/api.ts',
      severity: 'error',
      from: { path: '^src/ui/', pathNot: TEST },
      to: { path: '^src/worker/api\\.ts$', dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'contract-imports-nothing',
      severity: 'error',
      from: { path: '^src/worker/api(-device|-onnx|-session)?\\.ts$' },
      to: { pathNot: '^src/worker/api-(device|onnx|session)\\.ts$' },
    },
    {
      name: 'cache-knows-nothing-else',
      severity: 'error',
      from: { path: '^src/cache/', pathNot: TEST },
      to: { path: '^src/', pathNot: '^src/cache/' },
    },
    {
      name: 'shaders-know-nothing-else',
      severity: 'error',
      from: { path: '^src/shaders/', pathNot: TEST },
      to: { path: '^src/', pathNot: ['^src/shaders/', '^src/assets\\.d\\.ts$'] },
    },
    {
      name: 'worker-does-not-know-the-page',
      severity: 'error',
      from: { path: '^src/worker/', pathNot: TEST },
      to: { path: '^src/ui/' },
    },
    {
      name: 'scheduler-knows-no-gpu',
      comment: 'Bookkeeping is pure.',
      severity: 'error',
      from: { path: '^src/worker/scheduler/', pathNot: TEST },
      to: { path: '^src/(worker/(gpu|model|loading)|shaders)/' },
    },
    {
      name: 'sampling-knows-no-gpu',
      comment: 'The host side of the sampler may know how its rows are laid out, not how they are computed.',
      severity: 'error',
      from: { path: '^src/worker/sampling/', pathNot: TEST },
      to: { path: '^src/(worker/(gpu|model|loading)|shaders)/', pathNot: '^src/shaders/.*/layout\\.ts$' },
    },
    {
      name: 'comlink-at-the-crossing-only',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/ui/client\\.ts$', '^src/worker/main\\.ts$'] },
      to: { path: 'node_modules/comlink/' },
    },
    {
      name: 'idb-keyval-in-the-stores-only',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/(cache/model-store|ui/state/history-store)\\.ts$'] },
      to: { path: 'node_modules/idb-keyval/' },
    },
    {
      name: 'tools-do-not-ship',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: '^(tools|e2e)/' },
    },
    {
      name: 'tests-do-not-ship',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: 'no-development-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        // A dependency that is imported as an address (`?url`), by which it is not known.
        pathNot: '^node_modules/@mlc-ai/web-xgrammar/',
      },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: ['\\?(raw|url|worker|inline)', '^virtual:'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'browser', 'default'] },
  },
};
