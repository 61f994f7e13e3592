// Physical addresses: which of them lie in RAM, where the ROM answers, and what the A20 gate does.
//
// The bytes of the ROM lie behind those of RAM in the machine's memory. "Frame" outside this file
// means the offset in that memory; without a ROM, and with A20 open, it is the physical address.

/** Bytes of the ROM that appear below 1 MB as well, at most. */
const LOW_ROM_MAX = 128 << 10;
const ONE_MB = 1 << 20;
const A20 = 1 << 20;

/** What one machine has at its physical addresses. */
export interface PhysicalMap {
  ramBytes: number;
  romBytes: number;
  a20: boolean;
}

let map: PhysicalMap = { ramBytes: 0, romBytes: 0, a20: true };
let backedBytes = 0;
/** Whether physical addresses are memory offsets, up to the end of RAM. */
let plain = true;

export function setPhysicalMap(current: PhysicalMap): void {
  map = current;
  backedBytes = map.ramBytes + map.romBytes;
  plain = map.romBytes === 0 && map.a20;
}

/** Bytes that frames can be offsets of: RAM and ROM. Others read as ones and ignore writes. */
export function currentMemoryBytes(): number {
  return backedBytes;
}

export function isPlainMap(): boolean {
  return plain;
}

/** Offset in memory of physical address `pa`; 0xffffffff or another one outside when nothing is there. */
export function locate(pa: number): number {
  const at = (map.a20 ? pa : pa & ~A20) >>> 0;
  const { ramBytes, romBytes } = map;
  if (plain || romBytes === 0) return at;
  if (at >= 0x100000000 - romBytes) return at - (0x100000000 - romBytes) + ramBytes;
  const low = Math.min(romBytes, LOW_ROM_MAX);
  if (at < ONE_MB && at >= ONE_MB - low) return at - ONE_MB + ramBytes + romBytes;
  return at < ramBytes ? at : 0xffffffff;
}

/** Whether a frame belongs to the ROM. */
export function isRomFrame(frame: number): boolean {
  return frame >>> 0 >= map.ramBytes && frame >>> 0 < backedBytes;
}
