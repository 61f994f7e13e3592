// Finds the tests below the paths that were given, and reads what they say.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { UsageError } from '../cli/options.js';
import { errorCode, systemErrorText } from '../host/node_host.js';
import { fileDirectives, headerDirectives, isKey } from './directives.js';
import type { Directive } from './directives.js';
import { casesOf, checkKeys, languageOf } from './resolve.js';
import type { TestSource } from './resolve.js';
import type { TestCase } from './types.js';
import { FormatError, splitWords } from './words.js';

/** Directives that all tests of a directory share. */
const SHARED = 'tests.conf';
const SIBLING = '.test';
const SCRIPT = '.sh';
const NOT_ENTERED = ['node_modules', 'dist'];

/** What was found: cases, and tests that cannot be understood. */
export interface Found {
  cases: TestCase[];
  errors: { file: string; message: string }[];
  /** Directories, for --watch. */
  directories: string[];
}

const hasHeader = (path: string): boolean => languageOf(path) !== null || extname(path) === SCRIPT;

function glob(pattern: string): RegExp {
  const parts = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${parts}$`);
}

class Finder {
  readonly found: Found = { cases: [], errors: [], directories: [] };
  readonly #cwd: string;
  readonly #seen = new Set<string>();
  readonly #shared = new Map<string, Directive[]>();

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  #show(path: string): string {
    const short = relative(this.#cwd, path);
    return short.startsWith('../../..') ? path : short || '.';
  }

  #sharedOf(directory: string): Directive[] {
    const known = this.#shared.get(directory);
    if (known !== undefined) return known;
    const path = join(directory, SHARED);
    const directives = existsSync(path) ? fileDirectives(readFileSync(path, 'utf8'), path) : [];
    checkKeys(directives);
    this.#shared.set(directory, directives);
    return directives;
  }

  /** Adds the test at `path`; what goes wrong is a result of its own. */
  test(path: string): void {
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    const file = this.#show(path);
    try {
      this.found.cases.push(...casesOf(this.#source(path, file)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.found.errors.push({ file, message: error.message.replaceAll(`${this.#cwd}/`, '') });
    }
  }

  #source(path: string, file: string): TestSource {
    const directory = dirname(path);
    const shared = this.#sharedOf(directory).filter(({ key }) => key !== 'tests');
    const own = hasHeader(path) ? headerDirectives(readFileSync(path, 'utf8'), path) : [];
    const inputs = [path];
    const stem = path.slice(0, path.length - (hasHeader(path) ? extname(path).length : 0));
    const sibling = stem + SIBLING;
    if (existsSync(sibling)) {
      own.push(...fileDirectives(readFileSync(sibling, 'utf8'), sibling));
      inputs.push(sibling);
    }
    if (existsSync(join(directory, SHARED))) inputs.push(join(directory, SHARED));
    return { file, path, shared, own, inputs };
  }

  /** The test that NAME.test belongs to: a source or program beside it, or itself. */
  #ownerOf(sibling: string): string {
    const stem = sibling.slice(0, -SIBLING.length);
    const beside = ['.c', '.S', '.s', '.asm', SCRIPT, ''].map((end) => stem + end);
    return beside.find((path) => existsSync(path) && statSync(path).isFile()) ?? stem;
  }

  directory(directory: string): void {
    this.found.directories.push(directory);
    const shared = ((): Directive[] | null => {
      try {
        return this.#sharedOf(directory);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        this.found.errors.push({
          file: this.#show(join(directory, SHARED)),
          message: error.message,
        });
        return null;
      }
    })();
    if (shared === null) return;
    const patterns = shared
      .filter(({ key }) => key === 'tests')
      .flatMap(({ value }) => splitWords(value).map(glob));
    const entries = readdirSync(directory, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry;
      const path = join(directory, name);
      if (entry.isDirectory()) {
        if (!name.startsWith('.') && !NOT_ENTERED.includes(name)) this.directory(path);
      } else if (name === SHARED || name.startsWith('.')) continue;
      else if (name.endsWith(SIBLING)) this.test(this.#ownerOf(path));
      else if (patterns.some((p) => p.test(name)) || this.#hasDirectives(path)) this.test(path);
    }
  }

  #hasDirectives(path: string): boolean {
    if (!hasHeader(path)) return false;
    try {
      return headerDirectives(readFileSync(path, 'utf8'), path).some(({ key }) => isKey(key));
    } catch (error) {
      // An unfinished <<END is a test's.
      return error instanceof FormatError;
    }
  }

  path(given: string): void {
    const path = resolve(this.#cwd, given);
    let isDirectory: boolean;
    try {
      isDirectory = statSync(path).isDirectory();
    } catch (error) {
      throw new UsageError(`${given}: ${systemErrorText(errorCode(error))}`);
    }
    if (isDirectory) this.directory(path);
    else if (basename(path) === SHARED) this.directory(dirname(path));
    else this.test(path.endsWith(SIBLING) ? this.#ownerOf(path) : path);
  }
}

/**
 * The tests at `paths`: files are tests; of directories those that have directives or that tests.conf
 * names. @throws UsageError for a path that is not there.
 */
export function discover(paths: readonly string[], cwd: string): Found {
  const finder = new Finder(cwd);
  for (const path of paths) finder.path(path);
  return finder.found;
}
