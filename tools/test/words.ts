// The small syntax that directives share: words with quotes, strings, sizes.

/** A directive that cannot be understood. */
export class FormatError extends Error {
  override name = 'TestFormatError';
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0', a: '\x07', b: '\b', e: '\x1b', f: '\f', v: '\v' }; // prettier-ignore

/** The character or byte behind a backslash at `at`, and where the text goes on. */
function escaped(text: string, at: number): [string, number] {
  const c = text[at];
  if (c === undefined) throw new FormatError('a backslash with nothing behind it');
  if (c === 'x') {
    const digits = /^[\da-fA-F]{2}/.exec(text.slice(at + 1));
    if (digits === null) throw new FormatError('\\x wants two hexadecimal digits');
    return [String.fromCharCode(parseInt(digits[0], 16)), at + 3];
  }
  return [ESCAPES[c] ?? c, at + 1];
}

/**
 * Text as the guest's bytes, one character each: characters of the file as UTF-8, \xHH as themselves.
 * @returns a binary string.
 */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * Splits a line into words in the manner of a shell, without expansions: '...' is literal, "..." and
 * bare words know \n \t \r \0 \e \xHH and \ before any other character.
 * @returns binary strings. @throws FormatError for a quote that is not closed.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < text.length;) {
    const c = text[i];
    if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
      i++;
      continue;
    }
    word ??= '';
    if (c === "'") {
      const end = text.indexOf("'", i + 1);
      if (end < 0) throw new FormatError("a ' that is not closed");
      word += bytesOf(text.slice(i + 1, end));
      i = end + 1;
    } else if (c === '"') {
      const [inside, next] = quoted(text, i);
      word += inside;
      i = next;
    } else if (c === '\\') {
      const [char, next] = escaped(text, i + 1);
      word += char;
      i = next;
    } else {
      const plain = /^[^\s'"\\]+/.exec(text.slice(i)) as RegExpExecArray;
      word += bytesOf(plain[0]);
      i += plain[0].length;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** The string that begins with the quote at `start`, and where it ends. */
function quoted(text: string, start: number): [string, number] {
  let out = '';
  let i = start + 1;
  for (;;) {
    const c = text[i];
    if (c === undefined) throw new FormatError('a " that is not closed');
    if (c === '"') return [out, i + 1];
    if (c === '\\') {
      const [char, next] = escaped(text, i + 1);
      out += char;
      i = next;
      continue;
    }
    const plain = /^[^"\\]+/.exec(text.slice(i)) as RegExpExecArray;
    out += bytesOf(plain[0]);
    i += plain[0].length;
  }
}

/** The binary string of a whole "..." literal. @throws FormatError for anything else. */
export function parseString(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('"')) throw new FormatError(`a string "..." is wanted, not '${text}'`);
  const [out, end] = quoted(trimmed, 0);
  if (end !== trimmed.length)
    throw new FormatError(`'${trimmed.slice(end)}' behind the string is too much`);
  return out;
}

const UNITS: Record<string, number> = { '': 1, k: 1024, m: 1 << 20, g: 1 << 30 };

/** 16M, 64K, 4096, 1_000_000, 2e6. @throws FormatError */
export function parseAmount(text: string): number {
  const match = /^([\d_]*\.?\d[\d_]*(?:e\d+)?)([kmg]?)(?:i?b)?$/i.exec(text.trim());
  const n = match
    ? Number(match[1].replaceAll('_', '')) * UNITS[match[2].toLowerCase()]
    : /^0x[\da-f]+$/i.test(text.trim())
      ? Number(text)
      : NaN;
  if (!Number.isFinite(n)) throw new FormatError(`'${text}' is no number`);
  return n;
}

/** @throws FormatError unless the amount is whole and from `min` to `max`. */
export function parseWhole(text: string, min: number, max: number): number {
  const n = parseAmount(text);
  if (!Number.isInteger(n) || n < min || n > max)
    throw new FormatError(`a whole number from ${min} to ${max} is wanted, not '${text}'`);
  return n;
}

/** Seconds from 2, 1.5s, 200ms, 2min. @throws FormatError */
export function parseSeconds(text: string): number {
  const match = /^(\d*\.?\d+)\s*(ms|s|min)?$/.exec(text.trim());
  if (match === null) throw new FormatError(`'${text}' is no time (2, 1.5s, 200ms, 2min)`);
  return Number(match[1]) * { ms: 0.001, s: 1, min: 60 }[(match[2] ?? 's') as 'ms' | 's' | 'min'];
}

/** The candidate nearest to `word`, for "did you mean"; '' when none is near. */
export function nearest(word: string, candidates: Iterable<string>, prefix = ''): string {
  let best = '';
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = distance(word, candidate, least);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best === '' ? '' : `; did you mean ${prefix}${best}?`;
}

/** Levenshtein's distance; at most `limit` matters. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
