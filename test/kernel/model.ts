// What memory holds, by the manual pages alone: one array of bytes for each mapping's page. Shared
// mappings show the file's array; private ones get their own when they are first written. It knows
// nothing of objects, page tables or paging.
//
// Where the manuals leave a choice, the model has it too: what madvise(MADV_FREE) was told about is
// UNKNOWN until it is written. What they do not define is not asked: bytes behind the end of a file in
// its last page, shared memory that a fork is to copy, and files cut off below wired memory.

export const PAGE = 4096;
/** A byte that may be anything. */
const UNKNOWN = -1;

export const PROT_READ = 1;
export const PROT_WRITE = 2;

export const INHERIT_SHARE = 0;
export const INHERIT_COPY = 1;
export const INHERIT_NONE = 2;
export const INHERIT_ZERO = 3;

export const FILE_PAGES = 12;

export const SIGBUS = 10;
export const SIGSEGV = 11;

/** A file: FILE_PAGES pages of room, of which `size` bytes are the file's; what is behind is 0. */
export class ModelFile {
  readonly bytes = new Int16Array(FILE_PAGES * PAGE);
  size: number;

  constructor(contents: Uint8Array) {
    this.bytes.set(contents);
    this.size = contents.length;
  }

  truncate(size: number): void {
    this.bytes.fill(0, Math.min(size, this.size));
    this.size = size;
  }

  page(index: number): Int16Array {
    return this.bytes.subarray(index * PAGE, (index + 1) * PAGE);
  }
}

/** One page of memory, which several processes may share. */
export class Page {
  readonly file: ModelFile | null;
  readonly index: number;
  /** Writes go to the file. */
  readonly to_file: boolean;
  /** Its own bytes; null as long as it shows the file's. */
  own: Int16Array | null;

  constructor(
    file: ModelFile | null,
    index: number,
    to_file: boolean,
    own: Int16Array | null = null,
  ) {
    this.file = file;
    this.index = index;
    this.to_file = to_file;
    this.own = own ?? (file === null ? new Int16Array(PAGE) : null);
  }

  /** The file ends before the page. */
  get beyond_end(): boolean {
    return this.own === null && this.index * PAGE >= (this.file as ModelFile).size;
  }

  /** How many bytes of the page are defined. */
  get defined(): number {
    if (!this.to_file) return PAGE;
    return Math.max(0, Math.min(PAGE, (this.file as ModelFile).size - this.index * PAGE));
  }

  get bytes(): Int16Array {
    return this.own ?? (this.file as ModelFile).page(this.index);
  }

  /** A write is coming. */
  get writable_bytes(): Int16Array {
    if (!this.to_file) this.own ??= this.bytes.slice();
    return this.bytes;
  }

  /** The page that a child gets which is not to see the parent's writes. */
  copy(): Page {
    return new Page(this.file, this.index, false, this.own?.slice() ?? null);
  }
}

/** What is mapped at one page of an address space. */
export interface Slot {
  page: Page;
  prot: number;
  /** As high as mprotect may go. */
  max: number;
  inherit: number;
  wired: boolean;
}

/** Whether an access of `prot` succeeds: 0, or the signal. */
function signal_of(slot: Slot | undefined, write: boolean): number {
  if (slot === undefined || (slot.prot & (write ? PROT_WRITE : PROT_READ)) === 0) return SIGSEGV;
  return slot.page.beyond_end ? SIGBUS : 0;
}

export interface Access {
  /** Bytes before the one that failed. */
  done: number;
  sig: number;
}

export class ModelProcess {
  /** By page number. */
  slots = new Map<number, Slot>();
  /** Pages of the heap. */
  heap = 0;

  /** The pages of [first, first + count) that are mapped. */
  mapped(first: number, count: number): Slot[] {
    const found: Slot[] = [];
    for (let i = first; i < first + count; i++) {
      const slot = this.slots.get(i);
      if (slot !== undefined) found.push(slot);
    }
    return found;
  }

  /** Each page `make(i)`, as `like` says. */
  map(first: number, count: number, make: (i: number) => Page, like: Omit<Slot, 'page'>): void {
    for (let i = 0; i < count; i++) this.slots.set(first + i, { ...like, page: make(i) });
  }

  unmap(first: number, count: number): void {
    for (let i = first; i < first + count; i++) this.slots.delete(i);
  }

  /** mprotect(2). @returns whether it is permitted. */
  protect(first: number, count: number, prot: number): boolean {
    const slots = this.mapped(first, count);
    if (slots.some((s) => (prot & s.max) !== prot)) return false;
    for (const slot of slots) {
      slot.prot = prot;
      if (slot.wired) own_wired(slot);
    }
    return true;
  }

  /** mlock(2). @returns whether all of the range can be had. */
  wirable(first: number, count: number): boolean {
    const slots = this.mapped(first, count);
    return slots.length === count && slots.every((s) => s.prot !== 0 && !s.page.beyond_end);
  }

  wire(first: number, count: number): void {
    for (const slot of this.mapped(first, count)) {
      slot.wired = true;
      own_wired(slot);
    }
  }

  fork(): ModelProcess {
    const child = new ModelProcess();
    child.heap = this.heap;
    for (const [at, slot] of this.slots) {
      const { inherit, prot, max } = slot;
      if (inherit === INHERIT_NONE) continue;
      let { page } = slot;
      if (inherit === INHERIT_ZERO) page = new Page(null, 0, false);
      else if (inherit === INHERIT_COPY && !(page.to_file && page.file !== null))
        page = page.copy();
      child.slots.set(at, { page, prot, max, inherit, wired: false });
    }
    return child;
  }

  /** How far a walk from `addr` comes, `count` bytes that lie `stride` apart. */
  walk(addr: number, count: number, stride: number, write: boolean): Access {
    for (let i = 0; i < count; i++) {
      const sig = signal_of(this.slots.get(Math.floor((addr + i * stride) / PAGE)), write);
      if (sig !== 0) return { done: i, sig };
    }
    return { done: count, sig: 0 };
  }

  /** Whether none of the bytes lies behind the end of a file in its last page. */
  defined(addr: number, count: number, stride: number): boolean {
    for (let i = 0; i < count; i++) {
      const at = addr + i * stride;
      const slot = this.slots.get(Math.floor(at / PAGE));
      if (slot === undefined) return true;
      if (slot.page.beyond_end) continue;
      if (at % PAGE >= slot.page.defined) return false;
    }
    return true;
  }

  /** => walk() said that it can be read. */
  get(addr: number): number {
    return (this.slots.get(Math.floor(addr / PAGE)) as Slot).page.bytes[addr % PAGE];
  }

  /** => walk() said that it can be written. */
  set(addr: number, value: number): void {
    const { page } = this.slots.get(Math.floor(addr / PAGE)) as Slot;
    page.writable_bytes[addr % PAGE] = value;
  }
}

/** Wired memory has its copies already: touching it must not need memory. */
function own_wired(slot: Slot): void {
  if (slot.prot & PROT_WRITE && !slot.page.to_file && !slot.page.beyond_end)
    void slot.page.writable_bytes;
}

/** MADV_FREE: these bytes may become 0 at any time, until they are written. */
export function forget(page: Page): void {
  page.own?.fill(UNKNOWN);
}

/** Whether memory that should hold `expected` may hold `got`. */
export function agrees(expected: number, got: number): boolean {
  return expected === got || expected === UNKNOWN;
}
