/** What hostile output of a model can do to the page: nothing. In a real browser, with its real parser. */
import { describe, expect, it } from 'vitest';
import { MarkdownRenderer } from './markdown.ts';

const renderer = new MarkdownRenderer(window);

/** The text as the page would show it, in a document that could run things. */
function show(markdown: string): HTMLElement {
  const host = document.createElement('div');
  host.innerHTML = renderer.render(markdown).join('');
  document.body.append(host);
  return host;
}

describe('hostile text', () => {
  it.each([
    '<script>window.pwned = 1</script>',
    '<img src=x onerror="window.pwned = 1">',
    '<svg onload="window.pwned = 1"><circle/></svg>',
    '<iframe srcdoc="<script>parent.pwned = 1</script>"></iframe>',
    '<a href="javascript:window.pwned=1">x</a>',
    '[x](javascript:window.pwned=1)',
    '[x](JaVaScRiPt&#58;window.pwned=1)',
    '[x](data:text/html,<script>window.pwned=1</script>)',
    '[x](vbscript:x)',
    '![x](javascript:window.pwned=1)',
    '![x" onerror="window.pwned=1](https://evil.test/x.png)',
    '```html" onmouseover="window.pwned=1\n<script>window.pwned=1</script>\n```',
    '<style>@import url(https://evil.test/x.css)</style>',
    '<div style="background:url(https://evil.test/x.png)">x</div>',
    '<form action="https://evil.test"><button>go</button></form>',
    '<math><mtext></mtext><style><img src=x onerror=window.pwned=1></style></math>',
    '- item\n\n  <img src=x onerror=window.pwned=1>',
    '| a |\n| - |\n| <img src=x onerror=window.pwned=1> |',
    '<https://evil.test/"onmouseover="window.pwned=1>',
  ])('%s', async (markdown) => {
    const host = show(markdown);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(Reflect.get(window, 'pwned')).toBeUndefined();
    expect(
      host.querySelectorAll('script, img, svg, iframe, style, form, math, object, embed, link, video, audio'),
    ).toHaveLength(0);
    for (const element of host.querySelectorAll('*')) {
      for (const { name } of element.attributes) expect(name).not.toMatch(/^on|^style$|^src/);
    }
    for (const link of host.querySelectorAll('a[href]')) {
      expect(link.getAttribute('href')).toMatch(/^(https?|mailto):/);
    }
    host.remove();
  });

  it('is stopped by the second line of defence alone', () => {
    const clean = renderer.sanitize(
      '<p onclick="x()">a</p><img src="https://evil.test/x.png"><script>x()</script><a href="javascript:x()">b</a><p style="color:red">c</p>',
    );
    expect(clean).not.toMatch(/onclick|img|script|style/);
    expect(clean).toContain('<p>a</p>');
  });
});

describe('what is allowed', () => {
  it('opens links elsewhere, with no way back to the page', () => {
    const link = show('[x](https://good.test/a)').querySelector('a');
    expect(link?.getAttribute('href')).toBe('https://good.test/a');
    expect(link?.target).toBe('_blank');
    expect(link?.relList.contains('noopener')).toBe(true);
  });

  it('shows an image as a link, so that nothing is fetched unasked', () => {
    const host = show('![a bird](https://images.test/bird.png)');
    expect(host.querySelector('a')?.getAttribute('href')).toBe('https://images.test/bird.png');
    expect(host.textContent.trim()).toBe('a bird');
    const fetched = performance.getEntriesByType('resource').map((entry) => entry.name);
    expect(fetched.filter((name) => name.includes('images.test') || name.includes('evil.test'))).toEqual([]);
  });

  it('shows HTML of the model as the text it is', () => {
    expect(show('Use <b>bold</b> or `<i>`.').textContent.trim()).toBe('Use <b>bold</b> or <i>.');
  });

  it('gives every code block its language and a copy button', () => {
    const host = show('```ts\nconst a = "<b>";\n```');
    expect(host.querySelector('code')?.textContent).toBe('const a = "<b>";');
    expect(host.querySelector('.code-bar span')?.textContent).toBe('ts');
    expect(host.querySelector('button[data-copy]')).not.toBeNull();
  });

  it('renders lists, tables and emphasis', () => {
    const host = show('1. **one**\n2. *two*\n\n| a | b |\n| - | - |\n| 1 | 2 |');
    expect(host.querySelectorAll('ol > li')).toHaveLength(2);
    expect(host.querySelector('strong')?.textContent).toBe('one');
    expect(host.querySelectorAll('td')).toHaveLength(2);
  });

  it('only changes the last block while a text grows', () => {
    const growing = new MarkdownRenderer(window);
    const [first] = growing.render('# Title\n\nBeg');
    const [again, last] = growing.render('# Title\n\nBegin **bold**');
    expect(again).toBe(first);
    expect(last).toContain('<strong>bold</strong>');
  });
});
