/** Jinja2's rules in small; every expected text here was given by Jinja2 3.1 itself. */
import { describe, expect, it } from 'vitest';
import { compileJinja, TemplateRaised, TemplateUndefined } from './jinja.ts';
import { strftime } from './strftime.ts';

const NOW = new Date(2026, 2, 4, 15, 7, 9);
const VARIABLES = { xs: ['a', 'b'], message: { role: 'user', content: ' hi ' }, nothing: null };

const render = (source: string): string => compileJinja(source).render(VARIABLES, NOW);

describe('compileJinja', () => {
  it.each([
    ['{% for x in xs %}{{ loop.index }}{{ x }}{{ "," if not loop.last }}{% endfor %}', '1a,2b'],
    ['{% for x in missing %}{{ x }}{% endfor %}.', '.'],
    ['{% for x in missing if x %}{{ x }}{% else %}none{% endfor %}', 'none'],
    ['[{{ missing | trim }}][{{ missing | upper }}][{{ missing | length }}][{{ missing | join(",") }}]', '[][][0][]'],
    ['[{{ missing }}][{{ message.missing }}]{{ 1 if missing is defined else 2 }}', '[][]2'],
    ['{{ missing | default("x") }}{{ message.missing | default("y") }}', 'xy'],
    ['{{ message["content"] | trim }}|{{ message.role + "!" }}', 'hi|user!'],
    ['{{ xs | tojson }} {{ message | tojson }}', '["a", "b"] {"role": "user", "content": " hi "}'],
    ['{{ "é<&\'" | tojson }}', '"é<&\'"'],
    [
      '{% if xs %}\n  {%- set n = namespace(k=0) %}\n{% for x in xs %}\n{% set n.k = n.k + 1 %}\n{% endfor %}\n{{ n.k }}{% endif %}',
      '2',
    ],
    ['{{ strftime_now("%d %b %Y") }}', '04 Mar 2026'],
    ['{{ range(3) | list | length }}{{ range(5, 1, -2) | join(" ") }}', '35 3'],
  ])('%s', (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  it.each([
    ['{{ missing.role }}', /^missing is not defined$/],
    ['{{ message.missing["a"] }}', /^message.missing is not defined$/],
    ['{{ xs[5].role }}', /^xs\[5\] is not defined$/],
    ['{{ missing | tojson }}', /^missing is not defined$/],
  ])('%s reads what is not there', (source, message) => {
    expect(() => render(source)).toThrow(TemplateUndefined);
    expect(() => render(source)).toThrow(message);
  });

  /** Python's own way of printing values, which the library does not have; templates print with tojson. */
  it.each([
    ['{{ true }}', 'True'],
    ['{{ none }}', 'None'],
    ['{{ xs }}', "['a', 'b']"],
  ])('%s differs from Jinja2, which is known', (source, expected) => {
    expect(render(source)).not.toBe(expected);
  });

  it('passes the message of raise_exception on', () => {
    expect(() => render('{{ raise_exception("No " + message.role) }}')).toThrow(new TemplateRaised('No user'));
  });

  it('throws for what is no template, and for a range that would fill the memory', () => {
    expect(() => compileJinja('{% if %}')).toThrow();
    expect(() => render('{% for x in range(1000000000) %}{% endfor %}')).toThrow(/too long/);
  });

  it('can be rendered again with other values', () => {
    const template = compileJinja('{% set y = x %}{{ y }}');
    expect([1, 2].map((x) => template.render({ x }, NOW))).toEqual(['1', '2']);
  });
});

describe('strftime', () => {
  it('writes what Python writes in the C locale', () => {
    const codes = '%Y %y %m %d %e %j %B %b %A %a %H %I %M %S %p %F %T %% %-d %-m %Q';
    const expected = '2026 26 03 04  4 063 March Mar Wednesday Wed 15 03 07 09 PM 2026-03-04 15:07:09 % 4 3 %Q';
    expect(strftime(NOW, codes)).toBe(expected);
    expect(strftime(new Date(2024, 11, 31, 0, 0), '%j %I %p %-H')).toBe('366 12 AM 0');
  });
});
