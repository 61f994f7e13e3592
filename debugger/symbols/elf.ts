// ELF files as a debugger reads them: sections, segments, symbols (System V gABI, chapter 4).

import { Cursor, FormatError, stringAt } from './cursor.js';

const ET_DYN = 3;
const EM_386 = 3;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHT_DYNSYM = 11;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const SHF_COMPRESSED = 0x800;
const PT_LOAD = 1;
const SHN_UNDEF = 0;
const SHN_ABS = 0xfff1;
const STT_NOTYPE = 0;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const STB_LOCAL = 0;
const STB_GLOBAL = 1;

export interface ElfSection {
  name: string;
  type: number;
  flags: number;
  address: number;
  size: number;
  link: number;
  /** Contents; null for .bss and its kind, and for compressed sections. */
  bytes: Uint8Array | null;
}

export interface ElfSegment {
  offset: number;
  vaddr: number;
  fileBytes: number;
  memoryBytes: number;
  /** PF_X 1, PF_W 2, PF_R 4. */
  flags: number;
}

/** A named address of the file, before relocation. */
export interface ElfSymbol {
  name: string;
  address: number;
  /** Bytes; 0 when the file does not say. */
  size: number;
  kind: 'function' | 'object' | 'label';
  global: boolean;
}

export interface ElfFile {
  entry: number;
  /** Loaded wherever there is room (ET_DYN). */
  relocatable: boolean;
  sections: ElfSection[];
  segments: ElfSegment[];
  /** By address; where several share one, functions and global names come first. */
  symbols: ElfSymbol[];
}

/** @throws FormatError for anything but a 32-bit i386 ELF file. */
export function parseElf(bytes: Uint8Array): ElfFile {
  if (bytes.length < 52 || stringAt(bytes.subarray(0, 4), 0) !== '\x7fELF')
    throw new FormatError('not an ELF file');
  if (bytes[4] !== 1 || bytes[5] !== 1) throw new FormatError('not a 32-bit little-endian file');
  const c = new Cursor(bytes, 16);
  const type = c.u16();
  if (c.u16() !== EM_386) throw new FormatError('not for i386');
  c.skip(4);
  const entry = c.u32();
  const phoff = c.u32();
  const shoff = c.u32();
  c.skip(6);
  const [phentsize, phnum, shentsize, shnum, shstrndx] = [
    c.u16(),
    c.u16(),
    c.u16(),
    c.u16(),
    c.u16(),
  ];
  const sections = shoff === 0 ? [] : readSections(bytes, shoff, shentsize, shnum, shstrndx);
  return {
    entry,
    relocatable: type === ET_DYN,
    sections,
    segments: readSegments(bytes, phoff, phentsize, phnum),
    symbols: readSymbols(sections),
  };
}

function readSections(
  bytes: Uint8Array,
  shoff: number,
  entryBytes: number,
  count: number,
  names: number,
): ElfSection[] {
  const found: (ElfSection & { nameOffset: number })[] = [];
  for (let i = 0; i < count; i++) {
    const c = new Cursor(bytes, shoff + i * entryBytes);
    const nameOffset = c.u32();
    const type = c.u32();
    const flags = c.u32();
    const address = c.u32();
    const offset = c.u32();
    const size = c.u32();
    const link = c.u32();
    const absent = type === SHT_NOBITS || (flags & SHF_COMPRESSED) !== 0;
    const inside = offset + size <= bytes.length;
    const contents = absent || !inside ? null : bytes.subarray(offset, offset + size);
    found.push({ nameOffset, name: '', type, flags, address, size, link, bytes: contents });
  }
  const table = found[names]?.bytes ?? null;
  for (const section of found) section.name = stringAt(table, section.nameOffset);
  return found;
}

function readSegments(
  bytes: Uint8Array,
  phoff: number,
  entryBytes: number,
  count: number,
): ElfSegment[] {
  const segments: ElfSegment[] = [];
  for (let i = 0; i < count; i++) {
    const c = new Cursor(bytes, phoff + i * entryBytes);
    if (c.u32() !== PT_LOAD) continue;
    const [offset, vaddr] = [c.u32(), c.u32()];
    c.skip(4);
    const [fileBytes, memoryBytes, flags] = [c.u32(), c.u32(), c.u32()];
    segments.push({ offset, vaddr, fileBytes, memoryBytes, flags });
  }
  return segments;
}

const KINDS: Record<number, ElfSymbol['kind']> = {
  [STT_NOTYPE]: 'label',
  [STT_OBJECT]: 'object',
  [STT_FUNC]: 'function',
  [STT_GNU_IFUNC]: 'function',
};
const KIND_ORDER: Record<ElfSymbol['kind'], number> = { function: 0, object: 0, label: 1 };

function readSymbols(sections: ElfSection[]): ElfSymbol[] {
  const table =
    sections.find(({ type }) => type === SHT_SYMTAB) ??
    sections.find(({ type }) => type === SHT_DYNSYM);
  if (table === undefined || table.bytes === null) return [];
  const names = sections[table.link]?.bytes ?? null;
  const symbols: ElfSymbol[] = [];
  const c = new Cursor(table.bytes);
  while (c.at + 16 <= c.end) {
    const nameOffset = c.u32();
    const address = c.u32();
    const size = c.u32();
    const info = c.u8();
    c.skip(1);
    const index = c.u16();
    const kind = KINDS[info & 15];
    if (kind === undefined || index === SHN_UNDEF || index === SHN_ABS) continue;
    const section = sections[index];
    if (section === undefined || (section.flags & SHF_ALLOC) === 0) continue;
    const name = stringAt(names, nameOffset);
    if (name === '') continue;
    const isCode = (section.flags & SHF_EXECINSTR) !== 0;
    symbols.push({
      name,
      address,
      size,
      kind: kind === 'label' && isCode && info >> 4 !== STB_LOCAL ? 'function' : kind,
      global: info >> 4 === STB_GLOBAL,
    });
  }
  return symbols.sort(
    (a, b) =>
      a.address - b.address ||
      KIND_ORDER[a.kind] - KIND_ORDER[b.kind] ||
      Number(b.global) - Number(a.global) ||
      (a.name < b.name ? -1 : 1),
  );
}
