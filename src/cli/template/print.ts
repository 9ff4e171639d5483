/** Go's fmt verbs for template values. */
import { goQuote } from './quote.ts';
import { isMap, isStruct, nilPointer, sortedKeys, typeName } from './values.ts';

/** %v. `nil` is what a missing value shows as. */
export function formatValue(value: unknown, nil = '<nil>'): string {
  if (value === null || value === undefined) return nil;
  if (value === nilPointer) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map((item) => formatValue(item)).join(' ')}]`;
  if (isStruct(value)) return String(value.field('$text') ?? `{${value.typeName}}`);
  if (isMap(value))
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${formatValue(value[key])}`)
      .join(' ')}]`;
  return String(value);
}

function formatNumber(value: number): string {
  const text = Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** fmt.Sprint: a space between operands when neither is a string. */
export function sprint(values: readonly unknown[]): string {
  let out = '';
  values.forEach((value, index) => {
    if (index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string') out += ' ';
    out += formatValue(value);
  });
  return out;
}

export function sprintln(values: readonly unknown[]): string {
  return `${values.map((value) => formatValue(value)).join(' ')}\n`;
}

interface Spec {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | null;
  precision: number | null;
}

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S])?/gu;

export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  const out = format.replace(
    directive,
    (_, flags: string, width?: string, precision?: string, verb?: string) => {
      if (verb === undefined) return '%!(NOVERB)';
      if (verb === '%') return '%';
      const number = (text: string | undefined) =>
        text === '*' ? Number(args[next++]) : text === undefined ? null : Number(text);
      const spec: Spec = {
        minus: flags.includes('-'),
        plus: flags.includes('+'),
        sharp: flags.includes('#'),
        space: flags.includes(' '),
        zero: flags.includes('0'),
        width: number(width),
        precision: number(precision),
      };
      if (next >= args.length) return `%!${verb}(MISSING)`;
      return pad(formatVerb(verb, args[next++], spec), spec, verb);
    },
  );
  if (next >= args.length) return out;
  const extra = args
    .slice(next)
    .map((value) => (value == null ? '<nil>' : `${typeName(value)}=${formatValue(value)}`));
  return `${out}%!(EXTRA ${extra.join(', ')})`;
}

function pad(text: string, spec: Spec, verb: string): string {
  if (spec.width === null) return text;
  const length = [...text].length;
  const missing = Math.max(0, spec.width - length);
  if (spec.minus) return text + ' '.repeat(missing);
  if (!spec.zero || verb === 's' || verb === 'v' || verb === 'q') return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) ? (text[0] ?? '') : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function formatVerb(verb: string, value: unknown, spec: Spec): string {
  if (verb === 'v')
    return spec.sharp && typeof value === 'string' ? goQuote(value) : signed(formatValue(value), value, spec);
  if (verb === 'T') return typeName(value);
  if (typeof value === 'string') return formatText(verb, value, spec);
  if (typeof value === 'bigint')
    return verb === 'd' ? String(value) : formatNumeric(verb, Number(value), spec);
  if (typeof value === 'number') return formatNumeric(verb, value, spec);
  if (typeof value === 'boolean' && verb === 't') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => formatVerb(verb, item, spec)).join(' ')}]`;
  if (isMap(value)) {
    const pairs = sortedKeys(value).map(
      (key) => `${formatVerb(verb, key, spec)}:${formatVerb(verb, value[key], spec)}`,
    );
    return `map[${pairs.join(' ')}]`;
  }
  return bad(verb, value);
}

function bad(verb: string, value: unknown): string {
  return value == null ? `%!${verb}(<nil>)` : `%!${verb}(${typeName(value)}=${formatValue(value)})`;
}

function signed(text: string, value: unknown, spec: Spec): string {
  if (typeof value !== 'number' || value < 0) return text;
  return spec.plus ? `+${text}` : spec.space ? ` ${text}` : text;
}

function formatText(verb: string, value: string, spec: Spec): string {
  const cut = spec.precision === null ? value : [...value].slice(0, spec.precision).join('');
  if (verb === 's') return cut;
  if (verb === 'q') return spec.sharp && !cut.includes('`') ? `\`${cut}\`` : goQuote(cut, '"', spec.plus);
  const hex = Buffer.from(cut).toString('hex');
  if (verb === 'x') return hex;
  if (verb === 'X') return hex.toUpperCase();
  return bad(verb, value);
}

function formatNumeric(verb: string, value: number, spec: Spec): string {
  const precision = spec.precision ?? 6;
  switch (verb) {
    case 'd':
      return Number.isInteger(value) ? signed(String(value), value, spec) : bad(verb, value);
    case 'b':
    case 'o':
    case 'x':
    case 'X': {
      const radix = verb === 'b' ? 2 : verb === 'o' ? 8 : 16;
      const prefix = spec.sharp ? (verb === 'o' ? '0' : verb === 'b' ? '0b' : `0${verb}`) : '';
      const text = (value < 0 ? '-' : '') + prefix + Math.abs(value).toString(radix);
      return verb === 'X' ? text.toUpperCase() : text;
    }
    case 'c':
      return String.fromCodePoint(value);
    case 'q':
      return goQuote(String.fromCodePoint(value), "'");
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
    case 'f':
    case 'F':
      return Number.isInteger(value) ? bad(verb, value) : signed(value.toFixed(precision), value, spec);
    case 'e':
      return Number.isInteger(value)
        ? bad(verb, value)
        : value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
    case 'g':
      return Number.isInteger(value)
        ? bad(verb, value)
        : signed(
            spec.precision === null ? formatNumber(value) : String(Number(value.toPrecision(spec.precision))),
            value,
            spec,
          );
    default:
      return bad(verb, value);
  }
}
