// Sizes that depend on how much memory there is (kern/subr_param.c init_param2, kern/vfs_bio.c
// kern_vfs_bio_buffer_alloc). All divisions are those of integers.

import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE, VM_MAX_KERNEL_ADDRESS } from '../sys/param.js';

/** One user for every so many bytes, within bounds; beyond 384 FreeBSD slows down, i386 stops. */
const BYTES_PER_USER = 2 << 20;
const MAXUSERS_MIN = 32;
const VM_MAX_AUTOTUNE_MAXUSERS = 384;
/** Machines with less memory than FreeBSD could boot in still need some processes and files. */
const MAXPROC_MIN = 64;
const MAXFILES_MIN = 256;
/** Bytes of a buffer, and most bytes of all (VM_BCACHE_SIZE_MAX of i386). */
const BKVASIZE = 16384;
const MAXBCACHE = 7224 * BKVASIZE;
/** Of the buffers' addresses this part is for transient requests when there is no more room. */
const TRANSIENT_DENOM = 5;
const VM_MIN_KERNEL_ADDRESS = 0xbfeff000;

const div = (a: number, b: number): number => Math.floor(a / b);

/** Buffers that FreeBSD would make (kern.nbuf). @param physpages pages of memory. */
function tune_nbuf(physpages: number): number {
  const kb = physpages * (PAGE_SIZE / 1024);
  const factor = (4 * BKVASIZE) / 1024;
  let nbuf = 50;
  if (kb > 4096) nbuf += Math.min(div(kb - 4096, factor), 65536 / factor);
  if (kb > 65536)
    nbuf += Math.min(div((kb - 65536) * 2, factor * 5), div(32 * 1024 * 1024, factor * 5));
  nbuf = Math.min(nbuf, MAXBCACHE / BKVASIZE);
  const bytes = nbuf * BKVASIZE;
  if (bytes < div(MAXBCACHE, TRANSIENT_DENOM) * (TRANSIENT_DENOM - 1)) return nbuf;
  return div(bytes - div(bytes, TRANSIENT_DENOM), BKVASIZE);
}

/** Sizes the tables. @param physpages pages of memory that the kernel manages. */
export function init_param2(k: Kernel, physpages: number): void {
  const { kern } = k;
  kern.maxusers = div(physpages, BYTES_PER_USER / PAGE_SIZE);
  kern.maxusers = Math.min(Math.max(kern.maxusers, MAXUSERS_MIN), VM_MAX_AUTOTUNE_MAXUSERS);
  kern.maxproc = Math.min(20 + 16 * kern.maxusers, Math.max(div(physpages, 12), MAXPROC_MIN));
  kern.maxprocperuid = div(kern.maxproc * 9, 10);
  kern.maxfiles = Math.max(40 + 32 * kern.maxusers, div(physpages, 8));
  kern.maxfiles = Math.min(kern.maxfiles, Math.max(div(physpages, 4), MAXFILES_MIN));
  kern.maxfilesperproc = div(kern.maxfiles, 10) * 9;
  kern.nbuf = tune_nbuf(physpages);
  const kva = div(VM_MAX_KERNEL_ADDRESS - VM_MIN_KERNEL_ADDRESS, 64);
  kern.maxpipekva = Math.min(Math.max(div(physpages, 64) * PAGE_SIZE, 512 << 10), kva);
}
