/**
 * The npm package in somebody's own app, as docs/api/start.md says it is used: installed from its archive and nothing else, checked
 * by the compiler, built for production, while developing, and with no bundler. Each of them is asked something and answers.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright/test';
import { bertRepository, HIDDEN } from '../tools/fixtures/onnx-bert.ts';
import { serveHub } from '../tools/test-servers/serve-hub.ts';
import { expect, MODEL, test } from './consumer.ts';
import { LOAD } from './visitor.ts';

/** The built-in model knows this by heart, in more than one wording. */
async function asksAndIsAnswered(page: Page): Promise<void> {
  await page.locator('input').fill('What is WebGPU?');
  await page.keyboard.press('Enter');
  await expect(page.locator('output')).toContainText(/WebGPU is .*page.*\./s, LOAD);
}

test('installs into an empty app with nothing else, compiles strictly, and chats when it is built', async ({
  page,
  consumer,
  serveFolder,
}) => {
  expect(readdirSync(join(consumer.folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'linnet',
    'typescript',
    'vite',
  ]);
  for (const moduleResolution of ['bundler', 'nodenext']) {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      // The types of the package too, with nothing but what was installed.
      skipLibCheck: false,
      types: [],
      target: 'es2022',
      lib: ['es2022', 'dom'],
      module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
      moduleResolution,
    };
    consumer.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    consumer.run('tsc', '-p', '.');
  }
  consumer.run('vite', 'build');
  const app = await serveFolder({ root: join(consumer.folder, 'dist') });
  await page.goto(app.url);
  await asksAndIsAnswered(page);
  // A page, its script, the worker and the model: a build of an app has no more of it than that.
  const kinds = app.requests.map(({ path }) => path.replace(/-[\w-]{8}\.js$/, '.js'));
  expect(kinds.toSorted()).toEqual(['/', '/assets/index.js', '/assets/worker.js', '/linnet-mini-q4_0.gguf']);
});

test('chats while an app is developed, as Vite serves it', async ({ page, consumer }) => {
  await page.goto(await consumer.develop());
  await asksAndIsAnswered(page);
});

test('chats with no bundler, from files as they are installed', async ({ page, consumer, serveFolder }) => {
  const folder = join(consumer.folder, 'node_modules/linnet');
  const model = await serveFolder({
    root: join(MODEL, '..'),
    headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Content-Range, ETag' },
  });
  consumer.write(
    'node_modules/linnet/page.html',
    `<!doctype html><link rel="icon" href="data:,"><output></output><script type="module">
      import { createEngine } from './index.js';
      const model = await createEngine().load({ kind: 'url', url: '${model.url}linnet-mini-q4_0.gguf' });
      for await (const piece of model.chat([{ role: 'user', content: 'What is WebGPU?' }]))
        document.querySelector('output').value += piece;
    </script>`,
  );
  const site = await serveFolder({ root: folder });
  await page.goto(`${site.url}page.html`);
  await expect(page.locator('output')).toContainText(/WebGPU is .*page.*\./s, LOAD);
});

test('embeds by an ONNX model when it is built, with nothing from elsewhere', async ({
  page,
  consumer,
  serveFolder,
}) => {
  const hub = await serveHub({ repositories: { 'somebody/tiny-bert': bertRepository() } });
  try {
    consumer.write(
      'src/main.ts',
      `import { createEngine } from 'linnet';
      const onnx = { models: ['somebody/tiny-bert'], hub: '${hub.origin}', quantized: false };
      const { data } = await createEngine({ onnx }).embeddings.create({ model: 'somebody/tiny-bert', input: 'one bird' });
      const vector = data[0]?.embedding ?? [];
      document.body.innerHTML = \`<p>\${vector.length} \${Math.hypot(...vector).toFixed(3)}</p>\`;`,
    );
    consumer.run('vite', 'build');
    const app = await serveFolder({ root: join(consumer.folder, 'dist') });
    await page.goto(app.url);
    await expect(page.locator('p')).toHaveText(`${String(HIDDEN)} 1.000`, LOAD);
    const kinds = app.requests.map(({ path }) => path.replace(/-[\w-]{8}\.(js|wasm)$/, '.$1'));
    expect(kinds.toSorted()).toEqual([
      '/',
      '/assets/index.js',
      '/assets/onnx-worker.js',
      '/assets/ort-wasm-simd.wasm',
      '/assets/worker.js',
    ]);
  } finally {
    await hub.close();
  }
});
