/**
 * Chat templates as Jinja2 renders them: the library's interpreter, made as strict and as lenient about undefined
 * values as Jinja2 is, with globals of our own. It knows nothing of models, messages or what to do when it fails.
 *
 * Jinja2's rules, which the library does not follow: an attribute of an undefined value is an error; a loop over one
 * runs zero times; a filter takes it for an empty string or list (https://jinja.palletsprojects.com, "Undefined Types").
 */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { strftime } from './strftime.ts';

/** The template called `raise_exception`; the message is the template's own. */
export class TemplateRaised extends Error {}

/** The template read something that is not there. */
export class TemplateUndefined extends Error {}

export interface JinjaTemplate {
  /** Throws TemplateRaised, TemplateUndefined, or an Error of the library. */
  render(variables: Readonly<Record<string, unknown>>, now: Date): string;
}

/** Throws an Error when `source` is no template that the library can read. */
export function compileJinja(source: string): JinjaTemplate {
  const program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  guardUndefined(program);
  return {
    render(variables, now) {
      const environment = new Environment();
      for (const [name, value] of Object.entries({ ...globals(now), ...variables })) environment.set(name, value);
      const { value } = new UndefinedAwareInterpreter(environment).run(program);
      return typeof value === 'string' ? value : '';
    },
  };
}

const MAX_RANGE = 100_000;

function globals(now: Date): Record<string, unknown> {
  return {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range,
    strftime_now: (format: unknown) => strftime(now, String(format)),
    raise_exception: (message: unknown) => {
      throw new TemplateRaised(String(message));
    },
  };
}

function range(first: number, end?: number, step = 1): number[] {
  const [from, to] = end === undefined ? [0, first] : [first, end];
  const length = Math.max(0, Math.ceil((to - from) / step));
  // Templates come with models from anywhere: they must not be able to fill the memory.
  if (!(length <= MAX_RANGE)) throw new Error(`range() of ${length} numbers is too long`);
  return Array.from({ length }, (_, i) => from + i * step);
}

// ---------------------------------------------------------------------------------------------- undefined values

type Node = NonNullable<Parameters<Interpreter['evaluate']>[0]>;
type Value = ReturnType<Interpreter['evaluate']>;

type WhenUndefined = 'fail' | 'emptyList' | 'emptyText';

/** Stands in the syntax tree around an expression whose value may be undefined. */
class Guarded {
  readonly type = 'Guarded';
  readonly inner: Node;
  readonly whenUndefined: WhenUndefined;

  constructor(inner: Node, whenUndefined: WhenUndefined) {
    this.inner = inner;
    this.whenUndefined = whenUndefined;
  }
}

const EMPTY: Readonly<Record<Exclude<WhenUndefined, 'fail'>, Node>> = {
  emptyList: expressionOf('{{ [] }}'),
  emptyText: expressionOf('{{ "" }}'),
};

function expressionOf(source: string): Node {
  const [node] = parse(tokenize(source)).body;
  if (node === undefined) throw new Error(`${source} is no expression`);
  return node;
}

class UndefinedAwareInterpreter extends Interpreter {
  override evaluate(statement: Node | undefined, environment: Environment): Value {
    if (!(statement instanceof Guarded)) return super.evaluate(statement, environment);
    const value = this.evaluate(statement.inner, environment);
    if (value.type !== 'UndefinedValue') return value;
    if (statement.whenUndefined !== 'fail') return super.evaluate(EMPTY[statement.whenUndefined], environment);
    throw new TemplateUndefined(`${describe(statement.inner)} is not defined`);
  }
}

/** What a filter makes of an undefined operand; filters that are not here see the undefined value itself. */
const FILTERS: ReadonlyMap<string, WhenUndefined> = new Map<string, WhenUndefined>([
  ...['trim', 'upper', 'lower', 'title', 'capitalize', 'replace', 'string', 'indent'].map(
    (f) => [f, 'emptyText'] as const,
  ),
  ...['length', 'count', 'list', 'join', 'first', 'last', 'sort', 'unique', 'reverse', 'map', 'select', 'reject'].map(
    (f) => [f, 'emptyList'] as const,
  ),
  ...['selectattr', 'rejectattr', 'groupby'].map((f) => [f, 'emptyList'] as const),
  ['tojson', 'fail'],
]);

/** Puts guards into a syntax tree, in place. */
function guardUndefined(node: unknown): void {
  if (node instanceof Map) {
    for (const [key, value] of node) [key, value].forEach(guardUndefined);
  } else if (Array.isArray(node)) {
    node.forEach(guardUndefined);
  } else if (isNode(node)) {
    Object.values(node).forEach(guardUndefined);
    guardNode(node);
  }
}

function guardNode(node: TreeNode): void {
  switch (node.type) {
    case 'MemberExpression':
      guardField(node, 'object', 'fail');
      break;
    case 'For':
      if (isNode(node['iterable']) && node['iterable'].type === 'SelectExpression') {
        guardField(node['iterable'], 'lhs', 'emptyList');
      } else {
        guardField(node, 'iterable', 'emptyList');
      }
      break;
    case 'FilterExpression': {
      const whenUndefined = FILTERS.get(filterName(node['filter']) ?? '');
      if (whenUndefined !== undefined) guardField(node, 'operand', whenUndefined);
      break;
    }
  }
}

/** A node of the library's syntax tree, seen from outside: a type and any fields. */
type TreeNode = Node & Record<string, unknown>;

function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function guardField(node: TreeNode, field: string, whenUndefined: WhenUndefined): void {
  const inner = node[field];
  if (isNode(inner)) node[field] = new Guarded(inner, whenUndefined);
}

function filterName(filter: unknown): string | undefined {
  if (!isNode(filter)) return undefined;
  if (filter.type === 'CallExpression') return filterName(filter['callee']);
  return typeof filter['value'] === 'string' ? filter['value'] : undefined;
}

/** The expression as a template author would write it, as far as a message needs it. */
function describe(node: unknown): string {
  if (node instanceof Guarded) return describe(node.inner);
  if (!isNode(node)) return 'a value';
  if (node.type === 'Identifier') return String(node['value']);
  if (node.type === 'IntegerLiteral' || node.type === 'StringLiteral') return JSON.stringify(node['value']);
  if (node.type !== 'MemberExpression') return 'a value';
  const property = describe(node['property']);
  return node['computed'] === true
    ? `${describe(node['object'])}[${property}]`
    : `${describe(node['object'])}.${property}`;
}
