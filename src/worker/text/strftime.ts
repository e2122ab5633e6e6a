/**
 * `strftime` as chat templates use it: Python's codes in the C locale, whatever language the page speaks, so that a
 * prompt is the same on every machine. Local time, as `datetime.now()` is. It asks no clock.
 */
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const twoDigits = (value: number): string => String(value).padStart(2, '0');
const hour12 = (date: Date): number => date.getHours() % 12 || 12;

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000 + 1;
}

const CODES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (d) => String(d.getFullYear()),
  y: (d) => twoDigits(d.getFullYear() % 100),
  m: (d) => twoDigits(d.getMonth() + 1),
  d: (d) => twoDigits(d.getDate()),
  e: (d) => String(d.getDate()).padStart(2, ' '),
  j: (d) => String(dayOfYear(d)).padStart(3, '0'),
  B: (d) => MONTHS[d.getMonth()] ?? '',
  b: (d) => (MONTHS[d.getMonth()] ?? '').slice(0, 3),
  A: (d) => DAYS[d.getDay()] ?? '',
  a: (d) => (DAYS[d.getDay()] ?? '').slice(0, 3),
  H: (d) => twoDigits(d.getHours()),
  I: (d) => twoDigits(hour12(d)),
  M: (d) => twoDigits(d.getMinutes()),
  S: (d) => twoDigits(d.getSeconds()),
  p: (d) => (d.getHours() < 12 ? 'AM' : 'PM'),
  F: (d) => strftime(d, '%Y-%m-%d'),
  T: (d) => strftime(d, '%H:%M:%S'),
  '%': () => '%',
};

/** Codes it does not know stay as they are; `%-d` is `%d` without padding. */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)([A-Za-z%])/g, (whole, dash: string, code: string) => {
    const text = CODES[code]?.(date) ?? whole;
    return dash === '' ? text : text.replace(/^[0 ]+(?=.)/, '');
  });
}
