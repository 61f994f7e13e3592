// One program with all that its file says: names, lines, functions, variables, types, frames. The
// parts are read when they are first asked for. Addresses are those of the running program.

import { CallFrames } from './call_frames.js';
import type { FrameRules } from './call_frames.js';
import { FormatError } from './cursor.js';
import * as D from './dwarf_constants.js';
import { DwarfInfo } from './dwarf_info.js';
import type { Die, DwarfSections } from './dwarf_info.js';
import { joinPath, readLineTable } from './dwarf_line.js';
import type { LineRow } from './dwarf_line.js';
import { rangesOf } from './dwarf_ranges.js';
import type { Range } from './dwarf_ranges.js';
import { parseElf } from './elf.js';
import type { ElfFile, ElfSymbol } from './elf.js';
import { TypeReader } from './types.js';

/** A function with debugging information. */
export interface FunctionInfo {
  name: string;
  low: number;
  high: number;
  die: Die;
  /** Source file, as the unit names it. */
  file: string;
}

/** The source line of an address. */
export interface LineInfo {
  file: string;
  line: number;
  /** The code of this row of the table: from start up to end. */
  start: number;
  end: number;
  isStatement: boolean;
}

const SECTIONS: readonly (keyof DwarfSections)[] = [
  'debug_info',
  'debug_abbrev',
  'debug_line',
  'debug_str',
  'debug_line_str',
  'debug_str_offsets',
  'debug_addr',
  'debug_ranges',
  'debug_rnglists',
  'debug_loc',
  'debug_loclists',
];

/** The last element that is not above `address`, of an array sorted by `key`; -1 when none is. */
export function lastNotAbove<T>(items: T[], address: number, key: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(items[middle]) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export class SymbolFile {
  /** Path by which people know the file. */
  readonly path: string;
  readonly elf: ElfFile;
  /** What is added to the file's addresses. */
  readonly relocation: number;
  readonly #bytes: Uint8Array;
  #info: DwarfInfo | null = null;
  #types: TypeReader | null = null;
  #frames: CallFrames | null = null;
  #functions: FunctionInfo[] | null = null;
  #globals: Map<string, Die[]> | null = null;
  #rows: LineRow[] | null = null;
  #files: string[] = [];
  #names: Map<string, ElfSymbol[]> | null = null;

  /** @throws FormatError when `bytes` is no 32-bit i386 ELF file. */
  constructor(path: string, bytes: Uint8Array, relocation = 0) {
    this.path = path;
    this.#bytes = bytes;
    this.elf = parseElf(bytes);
    this.relocation = relocation;
  }

  /** The same file loaded at another place. */
  relocated(relocation: number): SymbolFile {
    return relocation === this.relocation
      ? this
      : new SymbolFile(this.path, this.#bytes, relocation);
  }

  get entry(): number {
    return (this.elf.entry + this.relocation) >>> 0;
  }

  get info(): DwarfInfo {
    if (this.#info === null) {
      const sections = {} as DwarfSections;
      for (const name of SECTIONS)
        sections[name] = this.elf.sections.find((s) => s.name === `.${name}`)?.bytes ?? null;
      this.#info = new DwarfInfo(sections);
    }
    return this.#info;
  }

  get types(): TypeReader {
    this.#types ??= new TypeReader(this.info);
    return this.#types;
  }

  /** Whether there is any source-level information. */
  get hasDebugInfo(): boolean {
    return this.info.units.length > 0;
  }

  /** Bytes that the file has for `address`, as they are before the program runs. */
  fileBytes(address: number, count: number): Uint8Array {
    const at = (address - this.relocation) >>> 0;
    for (const { vaddr, fileBytes, offset } of this.elf.segments) {
      if (at < vaddr || at >= vaddr + fileBytes) continue;
      const from = offset + at - vaddr;
      return this.#bytes.subarray(from, Math.min(from + count, offset + fileBytes));
    }
    return new Uint8Array(0);
  }

  /** Whether `address` lies in a segment of the program. */
  contains(address: number): boolean {
    const at = (address - this.relocation) >>> 0;
    return this.elf.segments.some(
      ({ vaddr, memoryBytes }) => at >= vaddr && at < vaddr + memoryBytes,
    );
  }

  /** The symbol that `address` belongs to, and how far it is behind its start. */
  symbolAt(address: number): { name: string; offset: number; symbol: ElfSymbol } | null {
    if (!this.contains(address)) return null;
    const at = (address - this.relocation) >>> 0;
    const { symbols } = this.elf;
    const last = lastNotAbove(symbols, at, (s) => s.address);
    let best: ElfSymbol | null = null;
    for (let i = last; i >= 0 && i > last - 64; i--) {
      const s = symbols[i];
      if (best !== null && s.address !== best.address) break;
      if (s.size > 0 && at >= s.address + s.size) continue;
      best = s;
    }
    return best === null ? null : { name: best.name, offset: at - best.address, symbol: best };
  }

  /** Symbols of that name; the addresses are the file's. */
  lookup(name: string): ElfSymbol[] {
    if (this.#names === null) {
      this.#names = new Map();
      for (const symbol of this.elf.symbols) {
        const same = this.#names.get(symbol.name);
        if (same === undefined) this.#names.set(symbol.name, [symbol]);
        else same.push(symbol);
      }
    }
    return this.#names.get(name) ?? [];
  }

  addressOf(symbol: ElfSymbol): number {
    return (symbol.address + this.relocation) >>> 0;
  }

  /** Rules for the caller's registers at `pc`. */
  frameRules(pc: number): FrameRules | null {
    this.#frames ??= new CallFrames(this.elf);
    return this.#frames.at((pc - this.relocation) >>> 0);
  }

  /** All functions with debugging information, by address. */
  functions(): FunctionInfo[] {
    if (this.#functions === null) this.#index();
    return this.#functions ?? [];
  }

  functionAt(pc: number): FunctionInfo | null {
    const functions = this.functions();
    for (let i = lastNotAbove(functions, pc, (f) => f.low); i >= 0; i--) {
      if (pc < functions[i].high) return functions[i];
      if (functions[i].high <= pc && pc - functions[i].low > 1 << 20) break;
    }
    return null;
  }

  /** Variables outside of functions, and static ones inside, of that name. */
  globals(name: string): Die[] {
    if (this.#globals === null) this.#index();
    return this.#globals?.get(name) ?? [];
  }

  globalNames(): string[] {
    if (this.#globals === null) this.#index();
    return [...(this.#globals?.keys() ?? [])];
  }

  /** The ranges of an entry's code. */
  ranges(die: Die): Range[] {
    return rangesOf(this.info, die).map(({ low, high }) => ({
      low: (low + this.relocation) >>> 0,
      high: (high + this.relocation) >>> 0,
    }));
  }

  #index(): void {
    const { info } = this;
    const functions: FunctionInfo[] = [];
    const globals = new Map<string, Die[]>();
    for (const unit of info.units) {
      const file = joinPath('', info.string(unit.root, D.AT_name));
      for (const die of unit.root.children) {
        const name = info.string(die, D.AT_name);
        if (die.tag === D.TAG_subprogram) {
          for (const { low, high } of this.ranges(die))
            functions.push({ name, low, high, die, file });
        } else if (die.tag === D.TAG_variable && name !== '') {
          const same = globals.get(name);
          if (same === undefined) globals.set(name, [die]);
          else same.push(die);
        }
      }
    }
    this.#functions = functions.sort((a, b) => a.low - b.low);
    this.#globals = globals;
  }

  /** All rows of all line tables by address; addresses are those of the file. */
  rows(): LineRow[] {
    if (this.#rows !== null) return this.#rows;
    const { debug_line, debug_str, debug_line_str } = this.info.sections;
    const rows: LineRow[] = [];
    const files = new Set<string>();
    for (const { root } of debug_line === null ? [] : this.info.units) {
      const offset = this.info.number(root, D.AT_stmt_list);
      if (offset === null || debug_line === null) continue;
      try {
        const directory = this.info.string(root, D.AT_comp_dir);
        const sections = { debug_line, debug_str, debug_line_str };
        const table = readLineTable(sections, offset, directory);
        for (const file of table.files) files.add(file);
        // What the linker has thrown away is left with addresses near 0.
        for (const row of sequences(table.rows)) rows.push(row);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
    this.#files = [...files];
    // The order of rows with one address is the table's; an end comes before what begins there.
    this.#rows = rows
      .map((row, i) => [row, i] as const)
      .sort(
        ([a, i], [b, j]) =>
          a.address - b.address || Number(b.endSequence) - Number(a.endSequence) || i - j,
      )
      .map(([row]) => row);
    return this.#rows;
  }

  /** Paths of all source files. */
  sourceFiles(): string[] {
    this.rows();
    return this.#files;
  }

  /** The line of the code at `pc`. */
  lineAt(pc: number): LineInfo | null {
    const rows = this.rows();
    const at = (pc - this.relocation) >>> 0;
    const i = lastNotAbove(rows, at, (row) => row.address);
    if (i < 0 || rows[i].endSequence) return null;
    const row = rows[i];
    let next = i + 1;
    while (next < rows.length && rows[next].address === row.address) next++;
    if (next >= rows.length) return null;
    let first = i;
    while (first > 0 && rows[first - 1].address === row.address && !rows[first - 1].endSequence)
      first--;
    // Of several rows at one address the last one says what the code is.
    return {
      file: row.file,
      line: row.line,
      start: (row.address + this.relocation) >>> 0,
      end: (rows[next].address + this.relocation) >>> 0,
      isStatement: rows.slice(first, i + 1).some((r) => r.isStatement && r.line === row.line),
    };
  }

  /** Source files whose path ends in `name`. */
  filesNamed(name: string): string[] {
    return this.sourceFiles().filter((file) => file === name || file.endsWith(`/${name}`));
  }

  /**
   * Where the code of a line begins, one address in each function that has some; that of the next
   * line with code when the line has none.
   */
  addressesOfLine(files: readonly string[], line: number): number[] {
    const rows = this.rows().filter(
      (r) => !r.endSequence && r.isStatement && files.includes(r.file),
    );
    let best = Infinity;
    for (const row of rows) if (row.line >= line && row.line < best) best = row.line;
    const first = new Map<number, number>();
    for (const row of rows) {
      if (row.line !== best) continue;
      const address = (row.address + this.relocation) >>> 0;
      const f = this.functionAt(address);
      const key = f?.low ?? -1;
      const known = first.get(key);
      if (known === undefined || address < known) first.set(key, address);
    }
    return [...first].map(([low, address]) =>
      low === address ? this.afterPrologue(low) : address,
    );
  }

  /**
   * Where a function has set up its frame, in the manner of gdb's i386_skip_prologue: behind
   * `push %ebp; mov %esp,%ebp` and what belongs to it, at the beginning of a line.
   */
  afterPrologue(low: number): number {
    const code = this.fileBytes(low, 64);
    const is = (at: number, ...bytes: number[]): boolean =>
      bytes.every((b, i) => code[at + i] === b);
    let at = is(0, 0xf3, 0x0f, 0x1e, 0xfb) ? 4 : 0; // endbr32
    if (is(at, 0x8d, 0x4c, 0x24, 0x04, 0x83, 0xe4, 0xf0, 0xff, 0x71, 0xfc)) at += 10;
    if (!is(at, 0x55)) return low;
    at++;
    if (!is(at, 0x89, 0xe5) && !is(at, 0x8b, 0xec)) return low;
    at += 2;
    for (let pushes = 0; pushes < 8 && code[at] >= 0x50 && code[at] <= 0x57; pushes++) at++;
    if (is(at, 0x83, 0xec)) at += 3;
    else if (is(at, 0x81, 0xec)) at += 6;
    const pc = low + at;
    const line = this.lineAt(pc);
    const high = this.functionAt(low)?.high;
    if (line === null || line.start === pc || high === undefined) return pc;
    return line.end < high ? line.end : pc;
  }
}

function* sequences(rows: LineRow[]): Generator<LineRow> {
  let start = 0;
  for (let i = 0; i < rows.length; i++) {
    if (!rows[i].endSequence) continue;
    if (rows[start].address >= 0x1000 || rows[i].address >= 0x1000) {
      for (let j = start; j <= i; j++) yield rows[j];
    }
    start = i + 1;
  }
}
