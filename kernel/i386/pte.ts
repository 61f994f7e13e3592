// Page table entries of i386 without PAE (i386/include/pmap.h). The software bits live in the three
// bits that Intel leaves to the system.

export const PG_V = 0x001;
export const PG_RW = 0x002;
export const PG_U = 0x004;
export const PG_NC_PWT = 0x008;
export const PG_NC_PCD = 0x010;
export const PG_A = 0x020;
export const PG_M = 0x040;
export const PG_PS = 0x080;
export const PG_G = 0x100;
/** Software: the mapping is wired. */
export const PG_W = 0x200;
/** Software: the page has a pv entry for the mapping. */
export const PG_MANAGED = 0x400;
export const PG_FRAME = 0xfffff000;

/** Index of the directory slot that maps the directory itself: PTmap at 0xBFC00000. */
export const PTDPTDI = 767;
/** First directory slot of the kernel. */
export const KPTDI = 768;
export const NPDEPG = 1024;
