// Makes a test's program: compiles and links for i386, once for all cases that ask for the same.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { errorCode, systemErrorText } from '../host/node_host.js';
import { splitWords } from './words.js';
import type { Build, TestCase } from './types.js';

/** The program cannot be had; the message has the compiler's words. */
export class BuildError extends Error {
  override name = 'BuildError';
}

export interface Built {
  /** Null for a program of the guest's own. */
  program: Uint8Array | null;
  /** Headers that the sources include, for --watch. */
  inputs: string[];
}

const EI_OSABI = 7;
const OSABI: Record<string, number> = { linux: 3, freebsd: 9 };
/** Milliseconds for one call of a compiler. */
const LONGEST = 120_000;
const MOST_LINES = 30;

interface Ran {
  status: number;
  output: string;
}

function run(words: readonly string[], cwd: string): Promise<Ran> {
  const [command, ...args] = words;
  const options = { cwd, timeout: LONGEST, maxBuffer: 1 << 24, encoding: 'utf8' as const };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'string') {
        const why = code === 'ENOENT' ? 'is not there' : systemErrorText(code);
        reject(new BuildError(`'${command}' ${why}: it is wanted to make the program`));
      } else
        resolve({ status: error?.killed ? -1 : (code ?? -1), output: (stderr + stdout).trimEnd() });
    });
  });
}

async function must(words: readonly string[], cwd: string, what: string): Promise<void> {
  const { status, output } = await run(words, cwd);
  if (status === 0) return;
  const how = status < 0 ? 'did not end in time' : `failed with status ${status}`;
  const lines = output.split('\n').slice(0, MOST_LINES);
  throw new BuildError([`${what} ${how}: ${words.join(' ')}`, ...lines].join('\n'));
}

/** The files of a make rule as compilers write them (-MD). */
function dependencies(path: string): string[] {
  try {
    const text = readFileSync(path, 'utf8')
      .replace(/^[^:]*:/, '')
      .replace(/\\\n/g, ' ');
    return text.split(/\s+/).filter((file) => file !== '' && !file.startsWith('/usr/'));
  } catch {
    return [];
  }
}

export class Builder {
  readonly #made = new Map<string, Promise<Built>>();
  #directory: string | null = null;
  #count = 0;

  /** Forgets what was made: the sources may have changed. */
  forget(): void {
    this.#made.clear();
  }

  /** Removes what was made. */
  close(): void {
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = null;
  }

  /** The program of a test. @throws BuildError */
  build({ build, source }: TestCase, cflags: readonly string[] = []): Promise<Built> {
    if (build.kind === 'guest') return Promise.resolve({ program: null, inputs: [] });
    const key = JSON.stringify([build, cflags]);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made =
      build.kind === 'file' ? this.#file(build) : this.#compile(build, cflags, dirname(source));
    this.#made.set(key, made);
    // Whoever awaits it sees the error; this keeps Node from seeing it first.
    made.catch(() => {});
    return made;
  }

  async #file(build: Extract<Build, { kind: 'file' }>): Promise<Built> {
    if (build.command !== null) {
      const key = JSON.stringify(build.command);
      const { words, cwd } = build.command;
      const made =
        this.#made.get(key) ??
        must(words, cwd, '@build').then(() => ({ program: null, inputs: [] }));
      this.#made.set(key, made);
      await made;
    }
    try {
      return { program: readFileSync(build.path), inputs: [] };
    } catch (error) {
      throw new BuildError(`${build.path}: ${systemErrorText(errorCode(error))}`);
    }
  }

  #temporary(name: string): string {
    this.#directory ??= mkdtempSync(join(tmpdir(), 'faultline-test-'));
    return join(this.#directory, `${++this.#count}-${name}`);
  }

  async #compile(
    build: Extract<Build, { kind: 'compile' }>,
    more: readonly string[],
    cwd: string,
  ): Promise<Built> {
    const out = this.#temporary(basename(build.sources[0]).replace(/\.\w+$/, ''));
    const inputs: string[] = [];
    if (build.language === 'nasm') await this.#nasm(build, out, cwd);
    else {
      const freestanding = build.libc === 'none';
      const words = [
        ...splitWords(build.cc),
        ...['-m32', '-static', '-no-pie', '-fno-pie', '-g', '-MD', '-MF', `${out}.d`],
        // No GNU property or build id notes: the brand below is to say whose program it is.
        ...(freestanding
          ? [
              '-nostdlib',
              '-ffreestanding',
              '-fno-stack-protector',
              '-Wl,--build-id=none',
              '-Wl,-z,noexecstack',
            ]
          : []),
        ...(build.abi === 'freebsd' ? ['-DFAULTLINE_FREEBSD'] : ['-DFAULTLINE_LINUX']),
        ...build.cflags,
        ...more,
        ...['-o', out],
        ...build.sources,
        ...build.ldflags,
      ];
      await must(words, cwd, 'the compiler');
      inputs.push(...dependencies(`${out}.d`));
    }
    const program = readFileSync(out);
    if (program.length > EI_OSABI) program[EI_OSABI] = OSABI[build.abi ?? 'linux'];
    return { program, inputs };
  }

  async #nasm(build: Extract<Build, { kind: 'compile' }>, out: string, cwd: string): Promise<void> {
    const objects = build.sources.map((_, i) => `${out}.${i}.o`);
    const flags = build.cflags.filter((flag) => !/^-O/.test(flag));
    for (const [i, source] of build.sources.entries())
      await must(
        ['nasm', '-f', 'elf32', '-g', '-F', 'dwarf', ...flags, '-o', objects[i], source],
        cwd,
        'nasm',
      );
    await must(
      ['ld', '-m', 'elf_i386', '-static', '-o', out, ...objects, ...build.ldflags],
      cwd,
      'ld',
    );
  }
}
