// Two texts line by line, in the manner of diff -u.

const LATIN1 = 'latin1';
const CONTEXT = 2;
const MOST_LINES = 40;
/** Beyond this many lines only the first difference is looked for. */
const MOST_COMPARED = 2000;

interface Edit {
  mark: ' ' | '-' | '+';
  line: string;
}

/** Lines with what ends them made visible where it is not one newline. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() as string;
  const whole = lines.map(visible);
  if (last !== '') whole.push(`${visible(last)} (no newline)`);
  return whole;
}

/** A line as people can read it: control characters escaped, bytes as UTF-8 where they are. */
function visible(line: string): string {
  const text = Buffer.from(line, LATIN1).toString('utf8');
  const readable = text.includes('\ufffd') ? line : text;
  return [...readable].map(escapeControl).join('');
}

function escapeControl(c: string): string {
  const code = c.charCodeAt(0);
  const shown = c === '\t' || (code >= 0x20 && code < 0x7f) || code > 0x9f;
  return shown ? c : `\\x${code.toString(16).padStart(2, '0')}`;
}

/** The shortest edit by the table of longest common subsequences. */
function edits(a: string[], b: string[]): Edit[] {
  const width = b.length + 1;
  const table = new Int32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j;
      table[at] =
        a[i] === b[j] ? table[at + width + 1] + 1 : Math.max(table[at + width], table[at + 1]);
    }
  }
  const result: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      result.push({ mark: ' ', line: a[i++] });
      j++;
    } else if (
      j >= b.length ||
      (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])
    )
      result.push({ mark: '-', line: a[i++] });
    else result.push({ mark: '+', line: b[j++] });
  }
  return result;
}

/**
 * How `seen` (binary string) differs from `expected`: lines with -, + or a space in front. Equal texts
 * give the text.
 */
export function difference(expected: string, seen: string): string {
  let a = linesOf(expected);
  let b = linesOf(seen);
  let skipped = 0;
  while (skipped < a.length && skipped < b.length && a[skipped] === b[skipped]) skipped++;
  if (expected === seen) skipped = 0;
  const from = Math.max(0, skipped - CONTEXT);
  a = a.slice(from, from + MOST_COMPARED);
  b = b.slice(from, from + MOST_COMPARED);
  const all = edits(a, b);
  const near = all.map(
    (_, i) =>
      expected === seen ||
      all.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ mark }) => mark !== ' '),
  );
  const lines: string[] = from > 0 ? [`  ... ${from} equal lines`] : [];
  let hidden = 0;
  all.forEach(({ mark, line }, i) => {
    if (!near[i]) {
      hidden++;
      return;
    }
    if (hidden > 0) lines.push(`  ... ${hidden} equal lines`);
    hidden = 0;
    lines.push(`${mark} ${line}`);
  });
  if (lines.length <= MOST_LINES) return lines.join('\n');
  return [...lines.slice(0, MOST_LINES), `  ... ${lines.length - MOST_LINES} more lines`].join(
    '\n',
  );
}
