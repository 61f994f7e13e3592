// Finds the directives of a test: in the comments that a source begins with, or in a file of their
// own. One line each, `@key value`; `@key[condition] value` holds in some cells of the matrix only;
// `@key <<END` takes the lines up to END.

import { FormatError } from './words.js';

export interface Condition {
  key: string;
  values: string[];
  negated: boolean;
}

export interface Directive {
  key: string;
  conditions: Condition[];
  value: string;
  /** Lines of <<END, each with its newline; null without. */
  block: string | null;
  /** Where it stands. */
  file: string;
  line: number;
}

/** Every key, and what it is for: the help text is made of this. */
export const KEYS = {
  program: 'ELF file or script to run, or guest:PATH for one of the guest (default: this source)',
  build: 'command of the host that makes the program; run once for all tests that name it',
  source: 'sources to compile (default: this file)',
  cc: 'the compiler (default: gcc, or $CC)',
  cflags: 'flags of the compiler (default: -O1)',
  ldflags: 'flags of the linker, after the sources',
  libc: "host (the host's, static) or none (freestanding; default for assembly)",
  args: "the program's arguments, words as in a shell",
  argv0: 'argv[0]',
  env: 'NAME=VALUE...; adds to PATH, HOME and USER',
  cwd: 'working directory in the guest',
  stdin: '"text", <<END, or file PATH',
  file: 'GUESTPATH [MODE] "text", <<END, or from PATH: a file that the guest finds',
  mount: 'DIR GUESTPATH: a directory of the host, read-only below',
  root: "DIR: the guest's / is this directory of the host",
  status: 'exit status, or any (default: 0)',
  signal: 'signal that ends the program: SIGSEGV',
  stdout: 'empty, any, "text", <<END, ~ /regexp/, !~ /regexp/, or golden [FILE]',
  stderr: 'the same',
  limit: 'instructions N, time SECONDS, or memory SIZE: more is a failure',
  expect: 'METRIC OP NUMBER: what the kernel counted',
  ram: 'size of memory (default: 64M)',
  swap: 'size of swap space (default: 128M)',
  engine: 'interpreter',
  abi: 'freebsd or linux (default: what the program says)',
  seed: 'seed of fault injection',
  clock: 'date and time at which the guest boots (default: 2000-01-01)',
  matrix: 'KEY = VALUE | VALUE...: the test runs with each; several multiply',
  name: 'a title for reports',
  tags: 'words for --tag',
  xfail: 'reason: the test is expected to fail',
  skip: 'reason: the test is not run',
  tests: 'in tests.conf: patterns of the files in this directory that are tests',
} as const;

export type Key = keyof typeof KEYS;

export function isKey(word: string): word is Key {
  return Object.hasOwn(KEYS, word);
}

interface Line {
  number: number;
  text: string;
}

const DIRECTIVE = /^@([A-Za-z][\w.-]*)(?:\[([^\]]*)\])?(?:\s+(.*))?$/;

/** The lines of the comments that a source begins with, without what makes them comments. */
function commentLines(source: string): Line[] {
  const lines = source.split(/\r?\n/);
  const found: Line[] = [];
  let inBlock = false;
  for (let i = 0; i < lines.length; i++) {
    let text = lines[i];
    if (!inBlock) {
      const start = text.trimStart();
      if (start === '' || (i === 0 && start.startsWith('#!'))) continue;
      const marker = /^(?:\/\/[/!]?|;+|#(?=[\s@#]|$)#*|\|)/.exec(start);
      if (
        marker !== null &&
        !/^#\s*(?:include|define|if|ifdef|ifndef|pragma|undef)\b/.test(start)
      ) {
        found.push({ number: i + 1, text: start.slice(marker[0].length).replace(/^ /, '') });
        continue;
      }
      if (!start.startsWith('/*')) break;
      inBlock = true;
      text = start.slice(start.startsWith('/**') && !start.startsWith('/**/') ? 3 : 2);
    } else text = text.replace(/^\s*\*(?!\/) ?/, '');
    const end = text.indexOf('*/');
    if (end >= 0) {
      inBlock = false;
      text = text.slice(0, end);
    }
    found.push({ number: i + 1, text: text.replace(/^ (?=@)/, '').trimEnd() });
  }
  return found;
}

/** @throws FormatError */
function conditionsOf(text: string): Condition[] {
  return text.split(',').map((part) => {
    const match = /^\s*([\w.]+)\s*(!?)=\s*(\S(?:.*\S)?)\s*$/.exec(part);
    if (match === null) throw new FormatError(`[${text}] is no condition: [key=value, key!=value]`);
    return {
      key: match[1],
      negated: match[2] === '!',
      values: match[3].split('|').map((value) => value.trim()),
    };
  });
}

/** Adds where it happened to an error of the format. */
export function located<T>(file: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FormatError) || /^\S+:\d+: /.test(error.message)) throw error;
    throw new FormatError(`${file}:${line}: ${error.message}`);
  }
}

function collect(lines: Line[], file: string, strict: boolean): Directive[] {
  const directives: Directive[] = [];
  for (let i = 0; i < lines.length; i++) {
    const { number, text } = lines[i];
    const match = DIRECTIVE.exec(text.trim());
    if (match === null) {
      if (strict && text.trim() !== '' && !text.trimStart().startsWith('#'))
        throw new FormatError(
          `${file}:${number}: neither a directive (@key value) nor a comment (#)`,
        );
      continue;
    }
    const [, key, condition, rest = ''] = match;
    let value = rest.trim();
    let block: string | null = null;
    const here = /^(.*?)<<\s*(\w+)$/.exec(value);
    if (here !== null) {
      value = here[1].trim();
      block = '';
      for (;;) {
        i++;
        if (i >= lines.length)
          throw new FormatError(`${file}:${number}: no line '${here[2]}' ends <<${here[2]}`);
        if (lines[i].text.trim() === here[2]) break;
        block += `${lines[i].text}\n`;
      }
    }
    const conditions =
      condition === undefined ? [] : located(file, number, () => conditionsOf(condition));
    directives.push({ key, conditions, value, block, file, line: number });
  }
  return directives;
}

/** The directives in the comments at the beginning of a source. `file` is for messages. */
export function headerDirectives(source: string, file: string): Directive[] {
  return collect(commentLines(source), file, false);
}

/** The directives of NAME.test or tests.conf, whose other lines are empty or begin with #. */
export function fileDirectives(text: string, file: string): Directive[] {
  const lines = text.split(/\r?\n/).map((line, i) => ({ number: i + 1, text: line }));
  return collect(lines, file, true);
}
