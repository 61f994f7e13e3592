// Names of an ELF file's symbols, for addresses on the command line (gABI chapter 4).

import { readFileSync } from 'node:fs';

const SHT_SYMTAB = 2;
const SHDR_BYTES = 40;
const SYM_BYTES = 16;
const ET_EXEC = 2;
const STT_FILE = 4;

/** Address by name, from the symbol table of an i386 executable that is not position-independent. */
export type Symbols = ReadonlyMap<string, number>;

function cString(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end);
}

/** Symbols of the host file `path`; none when it is stripped, damaged or no such executable. */
export function readSymbols(path: string): Symbols {
  const symbols = new Map<string, number>();
  try {
    const file = readFileSync(path);
    if (file.toString('latin1', 0, 5) !== '\x7fELF\x01' || file.readUInt16LE(16) !== ET_EXEC)
      return symbols;
    const headers = file.readUInt32LE(32);
    const count = file.readUInt16LE(48);
    for (let i = 0; i < count; i++) {
      const header = headers + i * SHDR_BYTES;
      if (file.readUInt32LE(header + 4) !== SHT_SYMTAB) continue;
      const offset = file.readUInt32LE(header + 16);
      const end = offset + file.readUInt32LE(header + 20);
      const names = file.readUInt32LE(headers + file.readUInt32LE(header + 24) * SHDR_BYTES + 16);
      for (let at = offset; at < end; at += SYM_BYTES) {
        const name = cString(file, names + file.readUInt32LE(at));
        const defined = file.readUInt16LE(at + 14) !== 0;
        if (name !== '' && defined && (file[at + 12] & 15) !== STT_FILE)
          symbols.set(name, file.readUInt32LE(at + 4));
      }
    }
  } catch {
    // Damaged: the numbers point out of the file. What was read so far is as good as it gets.
  }
  return symbols;
}
