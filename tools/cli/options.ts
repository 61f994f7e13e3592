// A small table-driven option parser. Options end at the first word that is not one, because what
// follows belongs to the guest; QEMU's single-dash words (-strace) and GNU's long ones both work.

/** One option of a subcommand. */
export interface OptionSpec {
  /** Every spelling, for example ['-E', '--env']. */
  names: readonly string[];
  /** Name of the value in the help text; absent for a flag. */
  value?: string;
  /** Whether the option may be given more than once. */
  repeat?: boolean;
  help: string;
}

export interface ParsedOptions {
  flags: Set<string>;
  values: Map<string, string[]>;
  /** The words after the options. */
  rest: string[];
}

/** Wrong usage: printed as one line, exit status 125. */
export class UsageError extends Error {
  override name = 'UsageError';
}

function keyOf(spec: OptionSpec): string {
  return spec.names[spec.names.length - 1].replace(/^-+/, '');
}

/**
 * Splits `words` into options and the rest.
 * @throws UsageError for an unknown option, a missing value or an unwanted one.
 */
export function parseOptions(
  specs: readonly OptionSpec[],
  words: readonly string[],
): ParsedOptions {
  const parsed: ParsedOptions = { flags: new Set(), values: new Map(), rest: [] };
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i];
    if (word === '--') {
      i++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const spec = specs.find((s) => s.names.includes(name));
    if (!spec) throw new UsageError(`unknown option ${name}${suggest(specs, name)}`);
    const key = keyOf(spec);
    if (spec.value === undefined) {
      if (equals >= 0) throw new UsageError(`${name} takes no value`);
      parsed.flags.add(key);
      continue;
    }
    let value: string;
    if (equals >= 0) value = word.slice(equals + 1);
    else if (i + 1 < words.length) value = words[++i];
    else throw new UsageError(`${name} wants a value: ${name} ${spec.value}`);
    const before = parsed.values.get(key);
    if (before && spec.repeat) before.push(value);
    else parsed.values.set(key, [value]);
  }
  parsed.rest = words.slice(i);
  return parsed;
}

function suggest(specs: readonly OptionSpec[], name: string): string {
  const bare = name.replace(/^-+/, '');
  if (bare.length < 2) return '';
  const close = specs.flatMap((s) => s.names).find((n) => n.replace(/^-+/, '').startsWith(bare));
  return close ? `; did you mean ${close}?` : '';
}

/** The last value given for `key`, or undefined. */
export function valueOf(parsed: ParsedOptions, key: string): string | undefined {
  return parsed.values.get(key)?.at(-1);
}

const SIZE_UNITS: Record<string, number> = { '': 1, k: 1024, m: 1 << 20, g: 1 << 30 };

/**
 * Reads a size such as 64M, 1G or 65536 (bytes).
 * @throws UsageError unless it is a whole number of bytes between `min` and `max`.
 */
export function parseSize(option: string, text: string, min: number, max: number): number {
  const match = /^(\d+)([kmg]?)(?:i?b)?$/i.exec(text);
  const bytes = match ? Number(match[1]) * SIZE_UNITS[match[2].toLowerCase()] : NaN;
  if (!(bytes >= min && bytes <= max)) {
    throw new UsageError(
      `${option} wants a size from ${formatSize(min)} to ${formatSize(max)}, not '${text}'`,
    );
  }
  return bytes;
}

/** @throws UsageError unless `text` is a number from 0 on. Underscores and exponents are fine. */
export function parseNumber(option: string, text: string): number {
  const n = /^[\d_]*\.?\d[\d_]*(e\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  if (Number.isNaN(n)) throw new UsageError(`${option} wants a number from 0 on, not '${text}'`);
  return n;
}

/** @throws UsageError unless `text` is a whole number from 1 on, such as 250_000 or 1.5e6. */
export function parseCount(option: string, text: string): number {
  const n = /^\d/.test(text) ? parseNumber(option, text) : NaN;
  if (!(n >= 1 && Math.floor(n) === n))
    throw new UsageError(`${option} wants a whole number from 1 on, not '${text}'`);
  return n;
}

/** 16777216 -> 16M. */
export function formatSize(bytes: number): string {
  for (const [unit, size] of [
    ['G', 1 << 30],
    ['M', 1 << 20],
    ['K', 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

/** The options as an indented two-column list. */
export function describeOptions(specs: readonly OptionSpec[]): string {
  const heads = specs.map(
    (s) => `${s.names.join(', ')}${s.value === undefined ? '' : ` ${s.value}`}`,
  );
  const width = Math.min(30, Math.max(...heads.map((h) => h.length)));
  return specs
    .map((s, i) => {
      const indent = `\n${' '.repeat(width + 4)}`;
      const head = heads[i].length > width ? heads[i] + indent : heads[i].padEnd(width + 2);
      return `  ${head}${s.help.replaceAll('\n', indent)}`;
    })
    .join('\n');
}
