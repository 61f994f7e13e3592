// Execution counts as lines of source (lcov's tracefiles, geninfo(1)) and as folded stacks, which
// flamegraph.pl and speedscope read.

import { FormatError, SymbolFile } from '../../debugger/index.js';
import type { ExecutionCounts } from './types.js';

interface FileCounts {
  /** Times by line. */
  lines: Map<number, number>;
  functions: Map<string, { line: number; count: number }>;
}

export class Coverage {
  readonly #files = new Map<string, FileCounts>();
  /** By the bytes of a program: symbols are read once. */
  readonly #programs = new Map<string, SymbolFile | null>();
  readonly #stacks = new Map<string, number>();
  readonly #wanted: (file: string) => boolean;

  /** `wanted` says which source files matter. */
  constructor(wanted: (file: string) => boolean) {
    this.#wanted = wanted;
  }

  /** Adds what one run of `program`, known as `key`, has counted. */
  add(key: string, program: Uint8Array | null, counts: ExecutionCounts): void {
    for (const [stack, n] of counts.stacks)
      this.#stacks.set(stack, (this.#stacks.get(stack) ?? 0) + n);
    const symbols = this.#symbolsOf(key, program);
    if (symbols === null) return;
    const times = new Map<number, number>();
    for (let i = 0; i < counts.addresses.length; i += 2)
      times.set(counts.addresses[i], counts.addresses[i + 1]);
    this.#addLines(symbols, times);
    this.#addFunctions(symbols, times);
  }

  #symbolsOf(key: string, program: Uint8Array | null): SymbolFile | null {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    let symbols: SymbolFile | null = null;
    try {
      if (program !== null) symbols = new SymbolFile(key, program);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    this.#programs.set(key, symbols);
    return symbols;
  }

  #file(path: string): FileCounts | null {
    if (!this.#wanted(path)) return null;
    let file = this.#files.get(path);
    if (file === undefined)
      this.#files.set(path, (file = { lines: new Map(), functions: new Map() }));
    return file;
  }

  /**
   * A line was executed as often as the most often executed of the places where its statements begin:
   * the sum would count a loop's head once for its test and once for its beginning.
   */
  #addLines(symbols: SymbolFile, times: ReadonlyMap<number, number>): void {
    const lines = new Map<string, Map<number, number>>();
    for (const { address, file, line, isStatement, endSequence } of symbols.rows()) {
      if (endSequence || !isStatement || line === 0) continue;
      let known = lines.get(file);
      if (known === undefined) lines.set(file, (known = new Map()));
      known.set(line, Math.max(known.get(line) ?? 0, times.get(address) ?? 0));
    }
    for (const [path, counts] of lines) {
      const file = this.#file(path);
      if (file === null) continue;
      for (const [line, count] of counts) file.lines.set(line, (file.lines.get(line) ?? 0) + count);
    }
  }

  #addFunctions(symbols: SymbolFile, times: ReadonlyMap<number, number>): void {
    for (const { name, low } of symbols.functions()) {
      const at = symbols.lineAt(low);
      const file = at === null ? null : this.#file(at.file);
      if (at === null || file === null || name === '') continue;
      const known = file.functions.get(name) ?? { line: at.line, count: 0 };
      known.count += times.get(low) ?? 0;
      file.functions.set(name, known);
    }
  }

  /** A tracefile. */
  lcov(): string {
    const out: string[] = [];
    for (const [path, { lines, functions }] of [...this.#files].sort(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      out.push('TN:', `SF:${path}`);
      for (const [name, { line }] of functions) out.push(`FN:${line},${name}`);
      for (const [name, { count }] of functions) out.push(`FNDA:${count},${name}`);
      out.push(
        `FNF:${functions.size}`,
        `FNH:${[...functions.values()].filter(({ count }) => count > 0).length}`,
      );
      const sorted = [...lines].sort(([a], [b]) => a - b);
      for (const [line, count] of sorted) out.push(`DA:${line},${count}`);
      out.push(
        `LF:${sorted.length}`,
        `LH:${sorted.filter(([, count]) => count > 0).length}`,
        'end_of_record',
      );
    }
    return out.map((line) => `${line}\n`).join('');
  }

  /** `program;main;f 123`: instructions by chain of calls. */
  folded(): string {
    return [...this.#stacks]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([stack, count]) => `${stack} ${count}\n`)
      .join('');
  }
}
