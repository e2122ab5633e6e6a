/**
 * `npm run icons`: the pictures of the installed page from public/favicon.svg, into public/icons. A maskable icon may be cut
 * to a circle of four fifths of its width, so the bird is smaller there, on the page's own background.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright';
import { CHROMIUM_FLAGS, ensureChromium } from './browser/find.mjs';

const PUBLIC = resolve(import.meta.dirname, '../public');
const BACKGROUND = '#faf8f5';
const ICONS = [
  { name: '192.png', size: 192, share: 1, background: 'transparent' },
  { name: '512.png', size: 512, share: 1, background: 'transparent' },
  { name: 'maskable-512.png', size: 512, share: 0.62, background: BACKGROUND },
  { name: 'apple-180.png', size: 180, share: 0.8, background: BACKGROUND },
] as const;

const svg = readFileSync(join(PUBLIC, 'favicon.svg'), 'utf8');
mkdirSync(join(PUBLIC, 'icons'), { recursive: true });
const browser = await chromium.launch({ executablePath: ensureChromium(), args: [...CHROMIUM_FLAGS] });
for (const { name, size, share, background } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const picture = `<img src="data:image/svg+xml,${encodeURIComponent(svg)}" style="width:${String(100 * share)}%">`;
  const style = `margin:0;height:100vh;display:grid;place-items:center;background:${background}`;
  await page.setContent(`<body style="${style}">${picture}</body>`);
  await page.screenshot({ path: join(PUBLIC, 'icons', name), omitBackground: true });
  await page.close();
  console.log(`public/icons/${name}`);
}
await browser.close();
