// Machine parameters of FreeBSD/i386 (sys/param.h, i386/include/{param,vmparam}.h).

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;
export const PAGE_MASK = PAGE_SIZE - 1;
/** Bytes covered by one page directory entry. */
export const NBPDR = 1 << 22;

/** First address of the kernel's part of every address space. */
export const KERNBASE = 0xc0000000;
export const VM_MIN_ADDRESS = 0;
export const VM_MAXUSER_ADDRESS = 0xbfc00000;
/** The shared page (signal trampoline) sits in the last user page; the stack ends below it. */
export const SHAREDPAGE = VM_MAXUSER_ADDRESS - PAGE_SIZE;
export const USRSTACK = SHAREDPAGE;
export const VM_MIN_KERNEL_ADDRESS = 0xbfeff000;
export const VM_MAX_KERNEL_ADDRESS = 0xfffff000;

export const MAXTSIZ = 128 << 20;
export const DFLDSIZ = 128 << 20;
export const MAXDSIZ = 512 << 20;
export const DFLSSIZ = 8 << 20;
export const MAXSSIZ = 64 << 20;
/** Bytes by which a stack grows at least. */
export const SGROWSIZ = 128 << 10;

export const MAXPATHLEN = 1024;
export const NAME_MAX = 255;
export const ARG_MAX = 256 << 10;
export const MAXCOMLEN = 19;
export const MAXPHYS = 128 << 10;
export const NGROUPS_MAX = 1023;
export const OPEN_MAX = 1024;
export const PIPE_BUF = 512;

/** Rounds `bytes` down to a page boundary (exact to 2^53). */
export function trunc_page(bytes: number): number {
  return bytes - (bytes % PAGE_SIZE);
}

/** Rounds `bytes` up to a page boundary (exact to 2^53). */
export function round_page(bytes: number): number {
  return trunc_page(bytes + PAGE_MASK);
}

/** Bytes to whole pages, rounding up. */
export function atop_round(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE);
}
