/**
 * A kernel as it comes out on a device that is as inaccurate as WGSL allows (https://www.w3.org/TR/WGSL/#floating-point-accuracy): what the
 * language gives no exact result for is moved by as much as a device may be off. For the tests of tolerances, which no such device may
 * exceed. Knows no kernel's meaning.
 */
import type { Kernel } from '../../src/shaders/kernel.ts';

/** Which way results are moved. */
export interface Direction {
  readonly functions: 1 | -1;
  readonly quotients: 1 | -1;
}

const ULP = 2 ** -23;

/**
 * What stands for a call of a built-in function with this argument; `s`: by one ulp up or down. An exp is moved by four fifths of what it
 * may be off: the adapter's own is off already, and the product that moves it is rounded.
 */
const MOVED: Readonly<Record<string, (argument: string, s: string) => string>> = {
  exp: (x, s) => `(exp(${x}) * (1.0 + ${s} * 0.8 * (3.0 + 2.0 * abs(${x}))))`,
  // 2^-21 where the argument is between 0.5 and 2, else 3 ulp.
  log: (x, s) => `(log(${x}) + select(3.0 * ${s} * log(${x}), 4.0 * ${s}, (${x}) >= 0.5 && (${x}) <= 2.0))`,
  // As 1 / inverseSqrt: 2 ulp, then a quotient.
  sqrt: (x, s) => `(sqrt(${x}) * (1.0 + 4.0 * ${s}))`,
  tanh: (x, s) => `(tanh(${x}) + ${s} * ${String(1e-5 / ULP)})`,
  // Not fused.
  fma: (x) => {
    const [a = '', b = '', c = ''] = argumentsOf(x);
    return `((${a}) * (${b}) + (${c}))`;
  },
};

/** `isValid`: whether a code compiles: a quotient of whole numbers cannot be moved. */
export async function leastAccurate(
  kernel: Kernel,
  { functions, quotients }: Direction,
  isValid: (code: string) => Promise<boolean>,
): Promise<Kernel> {
  const plain = kernel.code.replace(/\/\/.*$/gm, '');
  let code = plain;
  // From the end, so that what was found before stays where it is.
  const slashes = [...plain.matchAll(/(?<!\/)\/(?![/=])/g)].map(({ index }) => index).reverse();
  for (const slash of slashes) {
    const start = slash + 1 + (/^\s*/.exec(code.slice(slash + 1))?.[0].length ?? 0);
    const end = endOfOperand(code, start);
    const moved = `(${code.slice(start, end)} * (1.0 - ${signed(quotients)} * 2.0))`;
    const candidate = code.slice(0, start) + moved + code.slice(end);
    if (await isValid(candidate)) code = candidate;
  }
  for (const name of Object.keys(MOVED)) code = replaceCalls(code, name, signed(functions));
  return { ...kernel, code, name: `${kernel.name} moved by ${String(functions)} ${String(quotients)}` };
}

function signed(direction: 1 | -1): string {
  return direction === 1 ? '0x1p-23' : '(-0x1p-23)';
}

/** Behind a name, a number or what is in brackets, with all that is bound closer than a quotient. */
function endOfOperand(code: string, start: number): number {
  let at = start + (/^[\w.]*/.exec(code.slice(start))?.[0].length ?? 0);
  while (code[at] === '(' || code[at] === '[' || (code[at] === '.' && at > start) || code[at] === '<') {
    if (code[at] === '.') at += /^\.\w+/.exec(code.slice(at))?.[0].length ?? 1;
    else if (code[at] === '<') {
      const type = /^<\w+>(?=\()/.exec(code.slice(at));
      if (type === null) return at;
      at += type[0].length;
    } else at = closing(code, at) + 1;
  }
  return at;
}

/** Where the bracket that opens at `at` is closed. */
function closing(code: string, at: number): number {
  let depth = 0;
  for (let i = at; i < code.length; i++) {
    if (code[i] === '(' || code[i] === '[') depth += 1;
    if (code[i] === ')' || code[i] === ']') depth -= 1;
    if (depth === 0) return i;
  }
  throw new Error('a bracket is not closed');
}

/** Inner calls first. */
function replaceCalls(code: string, name: string, s: string): string {
  const calls = [...code.matchAll(new RegExp(`(?<![\\w.])(?<!fn )${name}\\(`, 'g'))]
    .map(({ index }) => index)
    .reverse();
  let moved = code;
  for (const start of calls) {
    const open = start + name.length;
    const end = closing(moved, open);
    const replacement = MOVED[name]?.(moved.slice(open + 1, end), s) ?? '';
    moved = moved.slice(0, start) + replacement + moved.slice(end + 1);
  }
  return moved;
}

function argumentsOf(list: string): readonly string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let i = 0; i < list.length; i++) {
    if (list[i] === '(' || list[i] === '[') depth += 1;
    if (list[i] === ')' || list[i] === ']') depth -= 1;
    // Types in angle brackets here have one argument.
    if (list[i] !== ',' || depth > 0) continue;
    parts.push(list.slice(from, i));
    from = i + 1;
  }
  return [...parts, list.slice(from)];
}
