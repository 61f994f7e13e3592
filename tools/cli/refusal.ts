// Why the kernel would not execute a program of the host: execve(2) has one errno for many reasons.

import { closeSync, openSync, readSync, statSync } from 'node:fs';

const HEADER_BYTES = 4096;
const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_386 = 3;
const EM_486 = 6;
const PT_LOAD = 1;
const PT_INTERP = 3;
const EHDR = 52;
const PHDR = 32;

/** e_machine of the programs that people have (gABI). */
const MACHINES: Record<number, string> = {
  2: 'SPARC',
  8: 'MIPS',
  20: 'PowerPC',
  21: '64-bit PowerPC',
  22: 'S/390',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  243: 'RISC-V',
};

interface Program {
  /** What the kernel looks at first. */
  head: Buffer;
  /** Bytes of the whole file. */
  size: number;
  path: string;
}

function bytesAt(path: string, offset: number, count: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(fd, bytes, 0, count, offset));
  } finally {
    closeSync(fd);
  }
}

interface Segment {
  type: number;
  offset: number;
  bytes: number;
}

function segments(head: Buffer): Segment[] {
  const phoff = head.readUInt32LE(28);
  return Array.from({ length: head.readUInt16LE(44) }, (_, i) => {
    const at = phoff + i * PHDR;
    return {
      type: head.readUInt32LE(at),
      offset: head.readUInt32LE(at + 4),
      bytes: head.readUInt32LE(at + 16),
    };
  });
}

function explainElf({ head, size, path }: Program, abi: string | null): string | null {
  if (head.length < EHDR) return 'the ELF header is cut short';
  const machine = head.readUInt16LE(18);
  if (head[4] === ELFCLASS64 || (machine !== EM_386 && machine !== EM_486)) {
    const bits = head[4] === ELFCLASS64 && machine !== 62 ? '64-bit ' : '';
    return `a program for ${bits}${MACHINES[machine] ?? `ELF machine ${machine}`}, not for i386`;
  }
  if (head[4] !== ELFCLASS32 || head[5] !== ELFDATA2LSB) return 'the ELF header is damaged';
  const type = head.readUInt16LE(16);
  if (type !== ET_EXEC && type !== ET_DYN) return 'an ELF file, but no executable';
  if (head.readUInt32LE(28) + head.readUInt16LE(44) * PHDR > head.length)
    return 'the program headers are missing';
  const all = segments(head);
  const loads = all.filter(({ type }) => type === PT_LOAD);
  if (loads.length === 0) return 'the program has no segment to load';
  if (loads.some(({ offset, bytes }) => offset + bytes > size)) return 'the file is cut short';
  const interp = all.find(({ type }) => type === PT_INTERP);
  if (interp !== undefined) {
    const name = bytesAt(path, interp.offset, Math.min(interp.bytes, HEADER_BYTES));
    return `dynamically linked; its interpreter ${name.toString().replace(/\0.*/s, '')} has to be in the guest (-L, --mount), or link with -static`;
  }
  if (abi === null && ![0, 3, 9].includes(head[7]))
    return `ELF brand ${head[7]} is neither FreeBSD's nor Linux's; --abi chooses one`;
  return null;
}

/**
 * Looks at the host file `path`, which was refused, for a reason that can be told.
 * @returns a phrase, or null when the errno says it all.
 */
export function explainRefusal(path: string, abi: string | null): string | null {
  let program: Program;
  try {
    program = { head: bytesAt(path, 0, HEADER_BYTES), size: statSync(path).size, path };
  } catch {
    return null;
  }
  const { head } = program;
  if (head.length === 0) return 'the file is empty';
  if (head.toString('latin1', 0, 4) === '\x7fELF') return explainElf(program, abi);
  if (head.toString('latin1', 0, 2) === '#!') {
    const line = head
      .toString('latin1', 2)
      .trimStart()
      .split(/[\s\0]/, 1)[0];
    return line === ''
      ? 'its first line names no interpreter'
      : `a script; its interpreter ${line} has to be in the guest (-L, --mount)`;
  }
  return 'neither an ELF file nor a script';
}
