// Small ELF executables, made in memory.

export interface ElfSegment {
  vaddr: number;
  bytes: Uint8Array;
  /** Bytes in memory; those behind the file's are zero. */
  memsz?: number;
  /** PF_X 1, PF_W 2, PF_R 4. */
  flags: number;
}

export interface ElfImage {
  entry: number;
  /** EI_OSABI: 9 FreeBSD, 3 Linux. */
  osabi: number;
  segments: ElfSegment[];
}

const PAGE = 4096;
const EHDR = 52;
const PHDR = 32;

/** An i386 executable (ET_EXEC) with one PT_LOAD for each segment, page-aligned in the file. */
export function makeElf({ entry, osabi, segments }: ElfImage): Uint8Array {
  let size = PAGE;
  const offsets = segments.map(({ bytes }) => {
    const at = size;
    size += Math.ceil(bytes.length / PAGE) * PAGE;
    return at;
  });
  const last = segments.length - 1;
  const file = new Uint8Array(last < 0 ? EHDR : offsets[last] + segments[last].bytes.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, osabi]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(28, EHDR, true);
  view.setUint16(40, EHDR, true);
  view.setUint16(42, PHDR, true);
  view.setUint16(44, segments.length, true);
  segments.forEach(({ vaddr, bytes, memsz, flags }, i) => {
    const words = [1, offsets[i], vaddr, vaddr, bytes.length, memsz ?? bytes.length, flags, PAGE];
    words.forEach((word, n) => view.setUint32(EHDR + PHDR * i + 4 * n, word, true));
    file.set(bytes, offsets[i]);
  });
  return file;
}
