// Page directory and page table entries of i386 without PAE (i386/include/pmap.h). The software bits
// live in the three bits that Intel leaves to the system.

export const PG_V = 0x001;
export const PG_RW = 0x002;
export const PG_U = 0x004;
export const PG_NC_PWT = 0x008;
export const PG_NC_PCD = 0x010;
export const PG_A = 0x020;
export const PG_M = 0x040;
/** In a directory entry: it maps 4 MB itself. */
export const PG_PS = 0x080;
/** In a page table entry: bit 2 of the PAT index. */
export const PG_PTE_PAT = 0x080;
export const PG_G = 0x100;
/** Software: the mapping is wired. */
export const PG_W = 0x200;
/** Software: the page has a pv entry for the mapping. */
export const PG_MANAGED = 0x400;
/** Software, in a directory entry (AVAIL3): made from 4 KB mappings, which the TLB may still hold. */
export const PG_PROMOTED = 0x800;
/** In a directory entry that maps 4 MB: bit 2 of the PAT index. */
export const PG_PDE_PAT = 0x1000;
export const PG_FRAME = 0xfffff000;
export const PG_PS_FRAME = 0xffc00000;

export const PG_PTE_CACHE = PG_PTE_PAT | PG_NC_PCD | PG_NC_PWT;
export const PG_PDE_CACHE = PG_PDE_PAT | PG_NC_PCD | PG_NC_PWT;
/** What all entries of a page table must have in common to become one 4 MB mapping. */
export const PG_PTE_PROMOTE =
  PG_MANAGED | PG_W | PG_G | PG_PTE_CACHE | PG_M | PG_A | PG_U | PG_RW | PG_V;

/** Index of the directory slot that maps the directory itself: PTmap at 0xBFC00000. */
export const PTDPTDI = 767;
/** Where the recursive slot shows all page tables. */
export const PTmap = 0xbfc00000;
/**
 * Windows to a whole page that is copied from (1), and to one that is zeroed or copied to (2): not all
 * memory is mapped in the kernel. They lie where its image would end.
 */
export const CADDR1 = 0xc03fe000;
export const CADDR2 = 0xc03ff000;
/** First directory slot of the kernel. */
export const KPTDI = 768;
export const NPDEPG = 1024;
export const NPTEPG = 1024;
/** Bytes that one directory entry maps. */
export const NBPDR = 1 << 22;
