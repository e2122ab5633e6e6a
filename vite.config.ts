/**
 * How the three outputs are made from one source; `--mode` chooses:
 *   app      dist/app            the page, its worker a module of its own; works from any sub-path
 *   bench    dist/app/bench.html the bench page beside it, apart, so that the app shares no part with it and is no larger
 *   embed    dist/embed/embed.js the script for a tag in somebody's site; beside it the app with its engine, which it fetches
 *                                 when a visitor asks for it, and the models
 *   package  dist/package        the library for bundlers (types are made by tools/build.mjs)
 * Any other mode (`vite`, the development server) is the app.
 */
import { resolve } from 'node:path';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { MANIFEST } from './src/ui/manifest.ts';
import { Notices } from './tools/notices.ts';
import { plainShaders } from './tools/plain-wgsl.ts';

const ROOT = import.meta.dirname;

const COMMON = {
  root: resolve(ROOT, 'src/ui'),
  base: './',
  server: { fs: { allow: [ROOT] } },
  worker: {
    format: 'es',
    plugins: () => [plainShaders()],
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/worker-[hash].js',
        chunkFileNames: 'assets/worker-part-[hash].js',
        assetFileNames: 'assets/grammar-engine-[hash].js',
      },
    },
  },
} satisfies UserConfig;

const APP: UserConfig = {
  ...COMMON,
  publicDir: resolve(ROOT, 'public'),
  plugins: [
    VitePWA({
      manifest: MANIFEST,
      // A new version waits for the visitor's consent, and the page registers by itself: src/ui/offline.ts.
      registerType: 'prompt',
      injectRegister: null,
      workbox: {
        // The shell and the built-in model; linnet-draft, the grammar engine and the bench page are fetched when somebody wants them.
        globPatterns: ['**/*.{js,css,html,svg,png,json}', 'models/linnet-mini-q4_0.gguf'],
        globIgnores: ['**/grammar-engine-*.js'],
        // There without a network once it has been used.
        runtimeCaching: [
          {
            urlPattern: /\/grammar-engine-[^/]+\.js$/,
            handler: 'CacheFirst',
            options: { cacheName: 'grammar-engine', expiration: { maxEntries: 1 } },
          },
        ],
        maximumFileSizeToCacheInBytes: 8 * 1024 * 1024,
        navigateFallback: 'index.html',
        // The page's own address alone, whatever it is asked to look at; the bench page is another one.
        navigateFallbackAllowlist: [/^[^?]*\/(index\.html)?(\?|$)/],
      },
    }),
  ],
  build: { target: 'es2022', outDir: resolve(ROOT, 'dist/app'), emptyOutDir: true },
};

const BENCH: UserConfig = {
  ...APP,
  publicDir: false,
  plugins: [],
  build: {
    ...APP.build,
    emptyOutDir: false,
    rolldownOptions: { input: resolve(ROOT, 'src/ui/bench.html') },
  },
};

const EMBED: UserConfig = {
  ...COMMON,
  // The list of models and the built-in one lie beside the script.
  publicDir: resolve(ROOT, 'public'),
  // A blob has no place to import parts from: everything of the worker is in one script.
  worker: { format: 'iife', plugins: () => [plainShaders()] },
  resolve: {
    alias: [
      { find: /^.*\/grammar\/import-engine\.ts$/, replacement: resolve(ROOT, 'src/worker/grammar/no-engine.ts') },
      { find: /^\.\/grammar-source\.ts$/, replacement: resolve(ROOT, 'src/worker/grammar/no-source.ts') },
    ],
  },
  plugins: [oneFile()],
  build: {
    target: 'es2022',
    outDir: resolve(ROOT, 'dist/embed'),
    emptyOutDir: true,
    lib: { entry: resolve(ROOT, 'src/ui/embed.ts'), formats: ['es'], fileName: () => 'embed.js' },
    rolldownOptions: { output: { chunkFileNames: '[name].js' } },
  },
};

const notices = new Notices();

const PACKAGE: UserConfig = {
  ...COMMON,
  publicDir: false,
  worker: {
    format: 'es',
    // In one file: Vite before 8 builds workers as scripts unless it is told otherwise, and those cannot have parts. It is a
    // module all the same, and says so. What follows grammars is a script beside it.
    rolldownOptions: {
      output: {
        entryFileNames: workerName,
        codeSplitting: false,
        footer: 'export {};',
        assetFileNames: 'grammar-engine-[hash].js',
      },
    },
    plugins: () => [plainShaders(), notices.collect(), wasmBesideWorker()],
  },
  plugins: [workersForBundlers(2), notices.collect(), notices.write('THIRD_PARTY.md')],
  build: {
    target: 'es2022',
    outDir: resolve(ROOT, 'dist/package'),
    emptyOutDir: true,
    minify: false,
    lib: { entry: resolve(ROOT, 'src/ui/sdk/index.ts'), formats: ['es'], fileName: () => 'index.js' },
  },
};

export default defineConfig(({ mode }) => {
  if (mode === 'bench') return BENCH;
  if (mode === 'embed') return EMBED;
  if (mode === 'package') return PACKAGE;
  return APP;
});

/**
 * Vite emits a file for every `new Worker(new URL(...))` that it reads, also in code that is then left out. The embed
 * carries its worker inside, so such a file is dropped - if nothing names it.
 */
function oneFile(): Plugin {
  return {
    name: 'linnet:one-file',
    generateBundle(_, bundle) {
      const code = Object.values(bundle)
        .map((output) => (output.type === 'chunk' ? output.code : ''))
        .join('\n');
      for (const [fileName, output] of Object.entries(bundle)) {
        if (output.type !== 'asset') continue;
        if (code.includes(fileName)) this.error(`the embed refers to ${fileName}, which is not inside it`);
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the way to take something out of a bundle
        delete bundle[fileName];
      }
    },
  };
}

/**
 * Bundlers find a worker by the literal shape `new Worker(new URL('./x.js', import.meta.url))`. Vite writes it for browsers,
 * with one URL inside another; the package gets the literal shape back, or fails to build.
 */
function workersForBundlers(numWorkers: number): Plugin {
  const written =
    /new URL\(\s*(?:\/\*.*?\*\/\s*)?new URL\("([^"]+)", import\.meta\.url\)\.href,\s*"" \+ import\.meta\.url\s*\)/g;
  return {
    name: 'linnet:worker-for-bundlers',
    generateBundle(_, bundle) {
      let numFound = 0;
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue;
        output.code = output.code.replace(written, (_match, file: string) => {
          numFound += 1;
          return `new URL("./${file}", import.meta.url)`;
        });
      }
      if (numFound !== numWorkers)
        this.error(`expected ${String(numWorkers)} workers in the package, found ${String(numFound)}`);
    },
  };
}

/** The engine's is `worker.js`; the one for ONNX models, which nothing loads before it is asked for, `onnx-worker.js`. */
function workerName({ name }: { readonly name: string }): string {
  return name === 'main' ? 'worker.js' : `${name}.js`;
}

/**
 * The package has the WebAssembly of onnxruntime-web as a file beside the worker (tools/build.mjs puts it there), in the literal
 * shape by which bundlers find it; Vite would write 10 MB of text into a library.
 */
function wasmBesideWorker(): Plugin {
  const address = 'new URL(/* @vite-ignore */ "./ort-wasm-simd.wasm", import.meta.url)';
  return {
    name: 'linnet:wasm-beside-worker',
    enforce: 'pre',
    load: (id) => (id.endsWith('/onnx/wasm-url.ts') ? `export const WASM_URL = ${address}.href;` : undefined),
    transform(code, id) {
      if (!/\/onnxruntime-web\/dist\//.test(id)) return undefined;
      // How it asks for Node's modules; every bundler of the package would warn of it.
      const without = code.replace('eval("quire".replace(/^/,"re"))(moduleName)', 'undefined');
      if (without === code) this.error('onnxruntime-web has no such eval any more');
      return { code: without, map: null };
    },
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk' || output.name !== 'onnx-worker') continue;
        const code = output.code.replace(
          /new URL\(\s*(?:\/\*.*?\*\/\s*)?"\.\/ort-wasm-simd\.wasm",\s*import\.meta\.url\s*\)/,
          'new URL("./ort-wasm-simd.wasm", import.meta.url)',
        );
        if (!code.includes('new URL("./ort-wasm-simd.wasm", import.meta.url)'))
          this.error('the ONNX worker does not say where its WebAssembly is');
        output.code = code;
      }
    },
  };
}
