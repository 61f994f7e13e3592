// The vDSO: a shared object in the shared page, with the entry to system calls and the two ways back
// from signal handlers (arch/x86/entry/vdso/vdso32 of Linux). It has none of the clocks.

/** Where the image is in the shared page, behind FreeBSD's trampoline. */
export const LINUX_VDSO_BASE = 0x100;

const EHDR_BYTES = 52;
const PHDR_BYTES = 32;
const SYM_BYTES = 16;
const DYN_BYTES = 8;

const ET_DYN = 3;
const EM_386 = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PF_RX = 5;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SYMENT = 11;
const DT_SONAME = 14;
/** STB_GLOBAL, STT_FUNC. */
const GLOBAL_FUNC = 0x12;
/** Any section will do for the symbols: there is no section table. */
const SOME_SECTION = 1;

const SONAME = 'linux-gate.so.1';
const FUNCTIONS: readonly (readonly [name: string, code: readonly number[]])[] = [
  ['__kernel_vsyscall', [0xcd, 0x80, 0xc3]], // int $0x80; ret
  // pop %eax; mov $119,%eax; int $0x80: debuggers know it by these bytes.
  ['__kernel_sigreturn', [0x58, 0xb8, 0x77, 0, 0, 0, 0xcd, 0x80]],
  ['__kernel_rt_sigreturn', [0xb8, 0xad, 0, 0, 0, 0xcd, 0x80]],
];
/** Distance of the functions; nop fills what is left. */
const FUNCTION_BYTES = 16;
const NOP = 0x90;

const NAMES = ['', SONAME, ...FUNCTIONS.map(([name]) => name)].map((name) => `${name}\0`).join('');
const name_at = (name: string): number => NAMES.indexOf(`\0${name}\0`) + 1;

const NPHDR = 2;
const NDYN = 7;
const NSYM = 1 + FUNCTIONS.length;
const SYMTAB = EHDR_BYTES + NPHDR * PHDR_BYTES;
/** One bucket: nbucket, nchain, the bucket, the chain. */
const HASH = SYMTAB + NSYM * SYM_BYTES;
const DYNAMIC = HASH + (3 + NSYM) * 4;
const STRTAB = DYNAMIC + NDYN * DYN_BYTES;
const TEXT = (STRTAB + NAMES.length + 15) & ~15;
const IMAGE_BYTES = TEXT + FUNCTIONS.length * FUNCTION_BYTES;

/** Offset of a function in the image. */
const function_at = (name: string): number =>
  TEXT + FUNCTIONS.findIndex(([its]) => its === name) * FUNCTION_BYTES;

export const KERNEL_VSYSCALL = function_at('__kernel_vsyscall');
export const KERNEL_SIGRETURN = function_at('__kernel_sigreturn');
export const KERNEL_RT_SIGRETURN = function_at('__kernel_rt_sigreturn');

function build(): Uint8Array {
  const image = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(image.buffer);
  const words = (at: number, values: readonly number[]): void =>
    values.forEach((value, i) => view.setUint32(at + 4 * i, value, true));
  // ELFCLASS32, little-endian, version 1.
  image.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  words(16, [(EM_386 << 16) | ET_DYN, 1, KERNEL_VSYSCALL, EHDR_BYTES, 0, 0]);
  words(40, [(PHDR_BYTES << 16) | EHDR_BYTES, NPHDR, 0]);
  words(EHDR_BYTES, [PT_LOAD, 0, 0, 0, IMAGE_BYTES, IMAGE_BYTES, PF_RX, 16]);
  const dynamic_bytes = NDYN * DYN_BYTES;
  words(EHDR_BYTES + PHDR_BYTES, [
    PT_DYNAMIC, DYNAMIC, DYNAMIC, DYNAMIC, dynamic_bytes, dynamic_bytes, PF_RX & ~1, 4,
  ]); // prettier-ignore
  FUNCTIONS.forEach(([name, code], i) => {
    const at = SYMTAB + (i + 1) * SYM_BYTES;
    words(at, [name_at(name), function_at(name), code.length]);
    words(at + 12, [(SOME_SECTION << 16) | GLOBAL_FUNC]);
  });
  // The chain: 1, 2, 3, end.
  words(HASH, [1, NSYM, 1, 0, ...FUNCTIONS.map((_, i) => (i + 2 < NSYM ? i + 2 : 0))]);
  const dynamic: [number, number][] = [
    [DT_SONAME, name_at(SONAME)],
    [DT_HASH, HASH],
    [DT_STRTAB, STRTAB],
    [DT_SYMTAB, SYMTAB],
    [DT_STRSZ, NAMES.length],
    [DT_SYMENT, SYM_BYTES],
    [0, 0],
  ];
  words(DYNAMIC, dynamic.flat());
  for (let i = 0; i < NAMES.length; i++) image[STRTAB + i] = NAMES.charCodeAt(i);
  image.fill(NOP, TEXT);
  for (const [name, code] of FUNCTIONS) image.set(code, function_at(name));
  return image;
}

/** The image; addresses in it count from its own beginning. */
export const linux_vdso: Uint8Array = build();
