// From the directives of a test to its cases: what to build, what to run, what to expect.

import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { SIGNAL_NAMES } from './signals.js';
import { isKey, KEYS, located } from './directives.js';
import type { Directive, Key } from './directives.js';
import { cellDirectives, cellName, cellsOf, holds, substitute } from './matrix.js';
import type { Cell } from './matrix.js';
import { parseExpectation } from './metrics.js';
import type { Build, StreamExpectation, TestCase } from './types.js';
import {
  FormatError,
  nearest,
  parseAmount,
  parseSeconds,
  parseString,
  parseWhole,
  splitWords,
} from './words.js';

const MB = 1 << 20;
/** Engines of this build. */
export const ENGINES = ['interpreter'];
/** Seconds for a test that states no limit. */
export const DEFAULT_SECONDS = 60;
const DEFAULT_CLOCK = '2000-01-01T00:00:00Z';
/** These add up; of the others a test's own replace those of tests.conf. */
const ADDING: readonly string[] = ['env', 'file', 'mount', 'limit', 'expect', 'tags', 'matrix'];
/** No {variables} in these: braces are text. */
const LITERAL: readonly string[] = [
  'stdout',
  'stderr',
  'matrix',
  'expect',
  'name',
  'xfail',
  'skip',
];

/** A test before its matrix is expanded. */
export interface TestSource {
  /** As people call it. */
  file: string;
  /** Absolute path of the source or program. */
  path: string;
  /** Directives of tests.conf, and the test's own. */
  shared: Directive[];
  own: Directive[];
  inputs: string[];
}

/** @throws FormatError for a key that does not exist. */
export function checkKeys(directives: readonly Directive[]): void {
  for (const { key, file, line } of directives) {
    if (!isKey(key))
      throw new FormatError(
        `${file}:${line}: unknown directive @${key}${nearest(key, Object.keys(KEYS), '@')}`,
      );
  }
}

/** What a test says where a file of the host is meant: relative to the directive's own file. */
function hostPath(d: Directive, path: string): string {
  if (path === '') throw new FormatError(`@${d.key} wants a path`);
  return resolve(dirname(d.file), path);
}

function hostBytes(d: Directive, path: string): Uint8Array {
  try {
    return readFileSync(hostPath(d, path));
  } catch {
    throw new FormatError(`${path} cannot be read`);
  }
}

const bytes = (binary: string): Uint8Array => Buffer.from(binary, 'latin1');
const block = (d: Directive): string => Buffer.from(d.block ?? '', 'utf8').toString('latin1');

/** The directives of one cell, by key. */
class Settings {
  readonly #all: Directive[];

  constructor(all: Directive[]) {
    this.#all = all;
  }

  of(key: Key): Directive[] {
    return this.#all.filter((d) => d.key === key);
  }

  /** What `read` makes of the last directive of a key, or `otherwise`. */
  last<T>(key: Key, otherwise: T, read: (d: Directive) => T): T {
    const d = this.of(key).at(-1);
    return d === undefined ? otherwise : located(d.file, d.line, () => read(d));
  }

  each<T>(key: Key, read: (d: Directive) => T[]): T[] {
    return this.of(key).flatMap((d) => located(d.file, d.line, () => read(d)));
  }

  words(key: Key, otherwise: string[]): string[] {
    return this.of(key).length === 0 ? otherwise : this.each(key, (d) => splitWords(d.value));
  }
}

function stream(settings: Settings, key: 'stdout' | 'stderr', stem: string): StreamExpectation[] {
  let found: StreamExpectation[] = [];
  for (const d of settings.of(key)) {
    located(d.file, d.line, () => {
      if (d.value === 'any') found = [];
      else found.push(streamExpectation(d, key, stem));
    });
  }
  return found;
}

function streamExpectation(d: Directive, key: string, stem: string): StreamExpectation {
  const { value } = d;
  if (d.block !== null) {
    if (value !== '') throw new FormatError(`'${value}' in front of << is too much`);
    return { kind: 'exact', text: block(d) };
  }
  if (value === 'empty') return { kind: 'exact', text: '' };
  if (value.startsWith('"')) return { kind: 'exact', text: parseString(value) };
  const golden = /^golden(?:\s+(\S+))?$/.exec(value);
  if (golden !== null)
    return {
      kind: 'golden',
      file: golden[1] === undefined ? `${stem}.${key}` : hostPath(d, golden[1]),
    };
  const pattern = /^(!?)~\s*\/(.*)\/([a-z]*)$/.exec(value);
  if (pattern !== null) {
    const [, not, source, flags] = pattern;
    try {
      new RegExp(source, flags.includes('m') ? flags : `${flags}m`);
    } catch (error) {
      throw new FormatError(`not a regular expression: ${(error as Error).message}`);
    }
    return {
      kind: 'matches',
      pattern: source,
      flags: flags.includes('m') ? flags : `${flags}m`,
      negated: not !== '',
    };
  }
  throw new FormatError(
    `@${key} wants empty, any, "text", <<END, ~ /regexp/, !~ /regexp/ or golden, not '${value}'`,
  );
}

function guestPath(text: string): string {
  if (!text.startsWith('/'))
    throw new FormatError(`an absolute guest path is wanted, not '${text}'`);
  return text;
}

function guestFile(d: Directive): TestCase['run']['files'] {
  const match = /^(\S+)(?:\s+(0?[0-7]{3,4}))?(?:\s+(from\s+\S+|".*"))?$/s.exec(d.value);
  if (match === null || (match[3] === undefined) === (d.block === null))
    throw new FormatError('@file wants GUESTPATH [MODE] and "text", <<END or from PATH');
  const [, path, mode, rest] = match;
  const content =
    d.block !== null
      ? bytes(block(d))
      : rest.startsWith('"')
        ? bytes(parseString(rest))
        : hostBytes(d, rest.replace(/^from\s+/, ''));
  return [
    {
      path: guestPath(splitWords(path)[0]),
      mode: mode === undefined ? 0o644 : parseInt(mode, 8),
      bytes: content,
    },
  ];
}

function standardInput(d: Directive): Uint8Array {
  if (d.block !== null) return bytes(block(d));
  if (d.value === 'empty') return new Uint8Array(0);
  if (d.value.startsWith('"')) return bytes(parseString(d.value));
  const file = /^file\s+(\S+)$/.exec(d.value);
  if (file === null)
    throw new FormatError(`@stdin wants "text", <<END, empty or file PATH, not '${d.value}'`);
  return hostBytes(d, file[1]);
}

function limits(settings: Settings): TestCase['run']['limits'] {
  const found = { instructions: Infinity, seconds: DEFAULT_SECONDS, memoryBytes: Infinity };
  for (const d of settings.of('limit')) {
    located(d.file, d.line, () => {
      const [what, amount = '', ...rest] = d.value.split(/\s+/);
      if (rest.length > 0 || amount === '')
        throw new FormatError('@limit wants instructions N, time SECONDS or memory SIZE');
      if (what === 'instructions')
        found.instructions = parseWhole(amount, 1, Number.MAX_SAFE_INTEGER);
      else if (what === 'time') found.seconds = parseSeconds(amount);
      else if (what === 'memory') found.memoryBytes = parseWhole(amount, 0, 1 << 30);
      else throw new FormatError(`@limit knows instructions, time and memory, not '${what}'`);
    });
  }
  return found;
}

function environment(settings: Settings): string[] {
  const env = new Map([
    ['PATH', 'PATH=/bin:/usr/bin:/sbin:/usr/sbin'],
    ['HOME', 'HOME=/'],
    ['USER', 'USER=root'],
  ]);
  settings.each('env', (d) =>
    splitWords(d.value).map((word) => {
      const equals = word.indexOf('=');
      if (equals <= 0) throw new FormatError(`@env wants NAME=VALUE, not '${word}'`);
      env.set(word.slice(0, equals), word);
    }),
  );
  return [...env.values()];
}

function signalName(text: string): string {
  const name = /^\d+$/.test(text)
    ? SIGNAL_NAMES[Number(text)]
    : text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  if (name === undefined || !SIGNAL_NAMES.includes(name))
    throw new FormatError(`there is no signal '${text}'`);
  return name;
}

function oneOf(d: Directive, names: readonly string[]): string {
  if (!names.includes(d.value))
    throw new FormatError(`@${d.key} wants ${names.join(' or ')}, not '${d.value}'`);
  return d.value;
}

function engine(d: Directive): string {
  if (!ENGINES.includes(d.value))
    throw new FormatError(`this build has no engine '${d.value}' (${ENGINES.join(', ')})`);
  return d.value;
}

function clockNs(d: Directive): number {
  const ms = Date.parse(
    /[zZ]$|[+-]\d\d:?\d\d$/.test(d.value) || !d.value.includes('T') ? d.value : `${d.value}Z`,
  );
  if (Number.isNaN(ms))
    throw new FormatError(`'${d.value}' is no date (2000-01-01, 2000-01-01T12:00:00Z)`);
  return ms * 1e6;
}

const LANGUAGES: Record<string, 'c' | 'gas' | 'nasm'> = {
  '.c': 'c',
  '.s': 'gas',
  '.S': 'gas',
  '.asm': 'nasm',
};

export function languageOf(path: string): 'c' | 'gas' | 'nasm' | null {
  return LANGUAGES[extname(path)] ?? null;
}

function buildOf(
  settings: Settings,
  test: TestSource,
  abi: string | null,
): { build: Build; path: string } {
  const command = settings.last('build', null as { words: string[]; cwd: string } | null, (d) => {
    const words = splitWords(d.value);
    if (words.length === 0) throw new FormatError('@build wants a command');
    return { words, cwd: dirname(resolve(d.file)) };
  });
  const program = settings.of('program').at(-1);
  if (program !== undefined) {
    const { value } = program;
    if (value.startsWith('guest:'))
      return {
        build: { kind: 'guest' },
        path: located(program.file, program.line, () => guestPath(value.slice(6))),
      };
    const path = located(program.file, program.line, () => hostPath(program, value));
    return { build: { kind: 'file', path, command }, path };
  }
  const sources = settings.each('source', (d) =>
    splitWords(d.value).map((word) => hostPath(d, word)),
  );
  if (sources.length === 0) {
    if (languageOf(test.path) === null)
      return { build: { kind: 'file', path: test.path, command }, path: test.path };
    sources.push(test.path);
  }
  const languages = sources.map((path) => {
    const language = languageOf(path);
    if (language === null)
      throw new FormatError(`${path} is neither C nor assembly (.c .s .S .asm)`);
    return language;
  });
  const language = languages.includes('c') ? 'c' : languages[0];
  if (languages.includes('nasm') && languages.some((l) => l !== 'nasm'))
    throw new FormatError('.asm and other sources cannot be mixed');
  const libc = settings.last('libc', language === 'c' ? 'host' : 'none', (d) =>
    oneOf(d, ['host', 'none']),
  ) as 'host' | 'none';
  return {
    build: {
      kind: 'compile',
      language,
      sources,
      cc: settings.last('cc', process.env['CC'] ?? 'gcc', (d) => d.value),
      cflags: settings.words('cflags', ['-O1']),
      ldflags: settings.words('ldflags', []),
      libc,
      abi,
    },
    path: join(dirname(sources[0]), basename(sources[0], extname(sources[0]))),
  };
}

function withoutReplaced(test: TestSource): Directive[] {
  const own = new Set(test.own.map(({ key }) => key));
  if (own.has('signal')) own.add('status');
  if (own.has('status')) own.add('signal');
  return [...test.shared.filter(({ key }) => ADDING.includes(key) || !own.has(key)), ...test.own];
}

function caseOf(test: TestSource, all: Directive[], cell: Cell, used: Set<string>): TestCase {
  const stem = join(dirname(test.path), basename(test.path, extname(test.path)));
  const variables = { ...cell, name: basename(stem) };
  const fixed = cellDirectives(cell, { file: test.path, line: 1 });
  const replaced = new Set(
    fixed.map(({ key }) => key).filter((key) => !ADDING.includes(key) && key !== 'cflags'),
  );
  const here = all.filter(
    (d) => located(d.file, d.line, () => holds(d, cell)) && !replaced.has(d.key),
  );
  const settings = new Settings(
    [...here, ...fixed].map((d) =>
      LITERAL.includes(d.key) && !d.value.startsWith('golden')
        ? d
        : { ...d, value: substitute(d.value, variables, used) },
    ),
  );
  const abi = settings.last('abi', null as string | null, (d) => oneOf(d, ['freebsd', 'linux']));
  const { build, path } = located(test.file, 1, () => buildOf(settings, test, abi));
  const signal = settings.last('signal', null as string | null, (d) => signalName(d.value));
  const name = cellName(cell);
  const size = (
    key: 'ram' | 'swap',
    otherwise: number,
    low: number,
    high: number,
    unit: number,
  ): number =>
    settings.last(key, otherwise, (d) => {
      const n = parseAmount(d.value);
      if (!(n >= low && n <= high))
        throw new FormatError(
          `@${key} wants a size from ${low / MB}M to ${high / MB}M, not '${d.value}'`,
        );
      return n - (n % unit);
    });
  const guest = Buffer.from(path, 'utf8').toString('latin1');
  const golden = (list: StreamExpectation[]): string[] =>
    list.flatMap((e) => (e.kind === 'golden' ? [e.file] : []));
  const stdout = stream(settings, 'stdout', stem);
  const stderr = stream(settings, 'stderr', stem);
  const expect = settings.each('expect', (d) => [parseExpectation(d.value)]);
  return {
    name: `${settings.last('name', test.file, (d) => d.value)}${name === '' ? '' : `[${name}]`}`,
    file: test.file,
    source: test.path,
    line: test.own[0]?.line ?? 1,
    tags: settings.words('tags', []),
    cell,
    build,
    run: {
      path: guest,
      argv: [
        settings.last('argv0', guest, (d) => splitWords(d.value)[0] ?? ''),
        ...settings.words('args', []),
      ],
      env: environment(settings),
      cwd: settings.last('cwd', '/', (d) => guestPath(d.value)),
      stdin: settings.last('stdin', new Uint8Array(0), standardInput),
      files: settings.each('file', guestFile),
      mounts: settings.each('mount', (d) => {
        const [host, to, ...rest] = splitWords(d.value);
        if (to === undefined || rest.length > 0)
          throw new FormatError('@mount wants DIR GUESTPATH');
        return [{ host: hostPath(d, host), guest: guestPath(to) }];
      }),
      root: settings.last('root', null as string | null, (d) => hostPath(d, d.value)),
      // A program that we compile carries its brand; what it executes may be of the other ABI.
      abi: build.kind === 'compile' ? null : abi,
      engine: settings.last('engine', ENGINES[0], engine),
      ramBytes: size('ram', 64 * MB, 16 * MB, 1024 * MB, 65536),
      swapBytes: size('swap', 128 * MB, 0, 4096 * MB, 4096),
      seed: settings.last('seed', null as number | null, (d) =>
        parseWhole(d.value, 0, 2 ** 32 - 1),
      ),
      clockNs: settings.last('clock', Date.parse(DEFAULT_CLOCK) * 1e6, clockNs),
      limits: limits(settings),
      metrics: [
        ...new Set(
          expect.flatMap(({ metric, value }) =>
            typeof value === 'string' ? [metric, value] : [metric],
          ),
        ),
      ],
      coverage: false,
      profile: false,
    },
    status: settings.last<number | 'any' | null>('status', signal === null ? 0 : null, (d) =>
      d.value === 'any' ? 'any' : parseWhole(d.value, 0, 255),
    ),
    signal,
    stdout,
    stderr,
    expect,
    xfail: settings.last('xfail', null as string | null, (d) => d.value || 'expected to fail'),
    skip: settings.last('skip', null as string | null, (d) => d.value || 'skipped'),
    inputs: [
      ...test.inputs,
      ...golden(stdout),
      ...golden(stderr),
      ...(build.kind === 'compile' ? build.sources : build.kind === 'file' ? [build.path] : []),
    ],
  };
}

/** The cases of a test, one for each cell of its matrix. @throws FormatError */
export function casesOf(test: TestSource): TestCase[] {
  checkKeys([...test.shared, ...test.own]);
  const all = withoutReplaced(test);
  const matrix = all.filter(({ key }) => key === 'matrix');
  const at = matrix.at(-1);
  const cells = at === undefined ? [{}] : located(at.file, at.line, () => cellsOf(matrix));
  const used = new Set(all.flatMap((d) => d.conditions.map(({ key }) => key)));
  const cases = cells.map((cell) => caseOf(test, all, cell, used));
  for (const key of Object.keys(cells[0])) {
    if (isKey(key) || key.startsWith('env.') || used.has(key)) continue;
    throw new FormatError(
      `${at?.file}:${at?.line}: @matrix ${key} varies nothing: no directive has {${key}}${nearest(key, Object.keys(KEYS))}`,
    );
  }
  return cases;
}
