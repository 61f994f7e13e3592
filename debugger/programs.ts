// Which file's symbols belong to a process.

import type { Proc } from '../kernel/index.js';
import { mapEntries } from './memory.js';
import { FormatError } from './symbols/cursor.js';
import { SymbolFile } from './symbols/symbol_file.js';

/** Reads a program by its path in the guest; null when that cannot be done. */
export type ProgramReader = (path: string) => Uint8Array | null;

export class Programs {
  readonly #read: ProgramReader;
  readonly #files = new Map<string, SymbolFile | null>();

  constructor(read: ProgramReader) {
    this.#read = read;
  }

  /** The symbols of a program, not relocated; null when it cannot be read or is no i386 ELF file. */
  load(path: string): SymbolFile | null {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const bytes = this.#read(path);
    let file: SymbolFile | null = null;
    try {
      if (bytes !== null) file = new SymbolFile(path, bytes);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    this.#files.set(path, file);
    return file;
  }

  /** The symbols of what a process executes, where it is loaded. */
  of(p: Proc): SymbolFile | null {
    if (p.p_textpath === '') return null;
    const file = this.load(p.p_textpath);
    if (file === null || !file.elf.relocatable) return file;
    const first = Math.min(...file.elf.segments.map(({ vaddr }) => vaddr - (vaddr % 4096)));
    const key = `${p.p_textpath}\0${this.#base(p) - first}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const relocated = file.relocated(this.#base(p) - first);
    this.#files.set(key, relocated);
    return relocated;
  }

  /** Lowest address at which the program's file is mapped. */
  #base(p: Proc): number {
    for (const entry of mapEntries(p)) {
      let object = entry.object;
      while (object !== null && object.backing_object !== null) object = object.backing_object;
      if (object !== null && object.handle !== null && object.handle === p.p_textvp)
        return entry.start - entry.offset;
    }
    return 0;
  }
}
