// The debug registers (SDM 3B §17.2). Instruction breakpoints are guarded where the decoder meets
// them; pages with data breakpoints are kept out of the TLB's fast paths, and the run loop steps while
// there are any. So nothing is paid while there are none.

import { i32 } from '../state/current.js';
import { CR4, DEBUG_HITS, DR } from '../state/layout.js';
import { CR4_DE } from '../mmu/walk.js';

export const DR6_RESET = 0xffff0ff0 | 0;
export const DR7_RESET = 0x400;

/** A MOV to or from a debug register while DR7.GD was set. */
export const DR6_BD = 0x2000;
export const DR6_BS = 0x4000;
/** A task switch to a TSS with its T flag set. */
export const DR6_BT = 0x8000;
export const DR7_GD = 0x2000;

const RW_EXECUTE = 0;
const RW_WRITE = 1;
const RW_IO = 2;

interface Watch {
  /** Linear address or port. */
  address: number;
  bytes: number;
  kind: number;
  /** In DR6. */
  bit: number;
}

let watches: readonly Watch[] = [];
let executions: readonly Watch[] = [];

/** Takes DR0-DR3 and DR7 in; to be called when they, or the machine, have changed. */
export function refreshDebugRegisters(): void {
  const all: Watch[] = [];
  const control = i32[DR + 7];
  for (let n = 0; n < 4; n++) {
    if (((control >> (2 * n)) & 3) === 0) continue;
    const kind = (control >> (16 + 4 * n)) & 3;
    const length = (control >> (18 + 4 * n)) & 3;
    const bytes = length === 2 ? 8 : length + 1;
    const address = i32[DR + n] & ~(bytes - 1);
    if (kind === RW_IO && (i32[CR4] & CR4_DE) === 0) continue;
    all.push({ address, bytes, kind, bit: 1 << n });
  }
  watches = all.filter((w) => w.kind !== RW_EXECUTE);
  executions = all.filter((w) => w.kind === RW_EXECUTE);
  i32[DEBUG_HITS] = 0;
}

/** Whether data or I/O breakpoints are armed. */
export function isWatching(): boolean {
  return watches.length !== 0;
}

/** Whether instruction breakpoints are armed at the same places as in `before`. */
export function executionBreakpoints(): string {
  return executions.map((w) => w.address).join();
}

/** Bits of DR6 for an instruction at linear address `ip`; 0 without a breakpoint. */
export function executionHits(ip: number): number {
  let bits = 0;
  for (const w of executions) if (w.address === ip) bits |= w.bit;
  return bits;
}

/** Whether a data breakpoint lies in the page of `la`. */
export function isDataBreakpointPage(la: number): boolean {
  for (const w of watches) if (w.kind !== RW_IO && ((w.address ^ la) & ~0xfff) === 0) return true;
  return false;
}

function overlaps(w: Watch, address: number, bytes: number): boolean {
  const first = w.address >>> 0;
  const at = address >>> 0;
  return at < first + w.bytes && first < at + bytes;
}

/** An access to `bytes` from linear address `la` that takes the slow way. */
export function noteDataAccess(la: number, bytes: number, writes: boolean): void {
  for (const w of watches) {
    if (w.kind === RW_IO || (w.kind === RW_WRITE && !writes)) continue;
    if (overlaps(w, la, bytes)) i32[DEBUG_HITS] |= w.bit;
  }
}

/** An access to `bytes` ports from `port`. */
export function noteIo(port: number, bytes: number): void {
  for (const w of watches)
    if (w.kind === RW_IO && overlaps(w, port, bytes)) i32[DEBUG_HITS] |= w.bit;
}
