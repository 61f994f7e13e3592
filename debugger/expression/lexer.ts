// Tokens of C expressions as gdb takes them.

/** A mistake in what a person asked for, in gdb's words: shown as it is. */
export class ExpressionError extends Error {
  override name = 'ExpressionError';
}

export type Token =
  | { kind: 'integer'; value: bigint; suffix: string; at: number; decimal: boolean }
  | { kind: 'float'; value: number; at: number }
  | { kind: 'char'; value: number; at: number }
  | { kind: 'string'; value: string; at: number }
  | { kind: 'name'; text: string; at: number }
  | { kind: 'dollar'; text: string; at: number }
  | { kind: 'op'; text: string; at: number }
  | { kind: 'end'; at: number };

const OPERATORS = [
  '<<=', '>>=', '::', '->', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '+=', '-=', '*=', '/=',
  '%=', '&=', '|=', '^=', '++', '--', '+', '-', '*', '/', '%', '&', '|', '^', '~', '!', '<', '>',
  '=', '?', ':', '(', ')', '[', ']', '{', '}', '.', ',', '@',
]; // prettier-ignore

const ESCAPES: Record<string, number> = {
  n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27, '\\': 92, "'": 39, '"': 34, '?': 63,
}; // prettier-ignore

/** One character or escape of a literal at `at`. @returns its byte and where it ends. */
function character(text: string, at: number): [number, number] {
  if (text[at] !== '\\') return [text.charCodeAt(at) & 0xff, at + 1];
  const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1));
  if (octal) return [parseInt(octal[0], 8) & 0xff, at + 1 + octal[0].length];
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(at + 1));
  if (hex) return [parseInt(hex[1], 16), at + 1 + hex[0].length];
  const code = ESCAPES[text[at + 1]];
  if (code === undefined) throw new ExpressionError('Unmatched single quote.');
  return [code, at + 2];
}

/** @throws ExpressionError for what is no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    if (/\s/.test(c)) {
      at++;
      continue;
    }
    const rest = text.slice(at);
    const float = /^(\d+\.\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|\d+[eE][-+]?\d+)[fFlL]?/.exec(
      rest,
    );
    const number = /^(0[xX][0-9a-fA-F]+|\d\w*)/.exec(rest);
    const name = /^[A-Za-z_]\w*/.exec(rest);
    const dollar = /^\$(\$\d*|\w*)/.exec(rest);
    if (float) {
      tokens.push({ kind: 'float', value: parseFloat(float[0]), at });
      at += float[0].length;
    } else if (number) {
      tokens.push(integer(number[0] + (/^\w*/.exec(rest.slice(number[0].length))?.[0] ?? ''), at));
      at += number[0].length + (/^\w*/.exec(rest.slice(number[0].length))?.[0].length ?? 0);
    } else if (name) {
      tokens.push({ kind: 'name', text: name[0], at });
      at += name[0].length;
    } else if (dollar) {
      tokens.push({ kind: 'dollar', text: dollar[1], at });
      at += dollar[0].length;
    } else if (c === "'") {
      const [value, end] = character(text, at + 1);
      if (text[end] === "'") {
        tokens.push({ kind: 'char', value: (value << 24) >> 24, at });
        at = end + 1;
      } else {
        // 'file.c'::name
        const close = text.indexOf("'", at + 1);
        if (close < 0) throw new ExpressionError('Unmatched single quote.');
        tokens.push({ kind: 'name', text: text.slice(at + 1, close), at });
        at = close + 1;
      }
    } else if (c === '"') {
      const start = at++;
      let value = '';
      while (text[at] !== '"') {
        if (at >= text.length) throw new ExpressionError('Unterminated string in expression.');
        const [code, end] = character(text, at);
        value += String.fromCharCode(code);
        at = end;
      }
      at++;
      tokens.push({ kind: 'string', value, at: start });
    } else {
      const op = OPERATORS.find((o) => rest.startsWith(o));
      if (op === undefined) throw new ExpressionError(`Invalid character '${c}' in expression.`);
      tokens.push({ kind: 'op', text: op, at });
      at += op.length;
    }
  }
  tokens.push({ kind: 'end', at: text.length });
  return tokens;
}

function integer(text: string, at: number): Token {
  const match = /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)([uUlL]*)$/.exec(text);
  if (!match) throw new ExpressionError(`Invalid number "${text}".`);
  const digits = match[1];
  const octal = /^0[0-7]+$/.test(digits);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (value >= 1n << 64n) throw new ExpressionError('Numeric constant too large.');
  const decimal = !octal && !/^0[xX]/.test(digits);
  return { kind: 'integer', value, suffix: match[2].toLowerCase(), at, decimal };
}
