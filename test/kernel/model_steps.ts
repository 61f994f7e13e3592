// Random programs for the model test: steps, and what each does to the machine and to the model.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HostDirectory } from '../../kernel/index.js';
import { directory_of } from '../helpers/vm_kernel.js';
import {
  FILE_PAGES,
  INHERIT_COPY,
  INHERIT_SHARE,
  ModelFile,
  ModelProcess,
  PAGE,
  PROT_READ,
  PROT_WRITE,
  Page,
  agrees,
  forget,
} from './model.js';
import { Driver, OP, WORKERS, fill } from './model_machine.js';
import type { Reply } from './model_machine.js';

const ENOMEM = 12;
const EACCES = 13;
const EFAULT = 14;
const EBUSY = 16;
const EINVAL = 22;
const EAGAIN = 35;

const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANON = 0x1000;
const MAP_EXCL = 0x4000;
const MADV_FREE = 5;
const MS_ASYNC = 1;
const MS_INVALIDATE = 2;

/** Where the programs map things, in pages, and how much. */
const ARENA = 0x30000;
const ARENA_PAGES = 40;
const HEAP_PAGES = 16;
/** So many pages may be wired at once: the machine has few. */
const WIRED_MAX = 6;

const weights = {
  poke: 14,
  peek: 10,
  mmap: 8,
  munmap: 3,
  mprotect: 4,
  minherit: 2,
  madvise: 4,
  msync: 3,
  mlock: 2,
  munlock: 2,
  brk: 2,
  read: 5,
  write: 5,
  truncate: 2,
  fork: 4,
  exit: 3,
  exec: 1,
} as const;

const OPS = Object.entries(weights).flatMap(([op, n]) => new Array<string>(n).fill(op));

export const step = fc.record({
  op: fc.constantFrom(...OPS) as fc.Arbitrary<keyof typeof weights>,
  who: fc.nat(WORKERS - 1),
  page: fc.nat(ARENA_PAGES - 1),
  pages: fc.integer({ min: 1, max: 10 }),
  /** Byte within the page. */
  offset: fc.nat(PAGE - 1),
  length: fc.integer({ min: 1, max: 3000 }),
  file: fc.nat(3),
  flags: fc.nat(0xffff),
  value: fc.nat(250),
});

export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const contents = (seed: number, length: number): Uint8Array =>
  new Uint8Array(length).map((_, i) => ((seed + i * 13 + (i >> 12)) % 255) + 1);

const HOST_FILE = contents(77, 5 * PAGE + 1234);

interface Open {
  file: ModelFile;
  writable: boolean;
}

export class World {
  readonly driver: Driver;
  /** By worker. */
  readonly processes: (ModelProcess | null)[];
  /** Two files of the memory file system (the first never changes its size), one of the host, and that for reading only. */
  readonly files: Open[];
  /** First page of the heap. */
  readonly heap: number;
  /** Operations that were not skipped. */
  done = 0;

  constructor(pages: number, host: HostDirectory = directory_of({ host: HOST_FILE })) {
    this.driver = new Driver({
      pages,
      swapBytes: 16 << 20,
      open: ['/a', '/b', '/host', '+/host'],
      host,
    });
    const shown = new ModelFile(HOST_FILE);
    this.files = [
      { file: new ModelFile(new Uint8Array(0)), writable: true },
      { file: new ModelFile(new Uint8Array(0)), writable: true },
      { file: shown, writable: true },
      { file: shown, writable: false },
    ];
    this.processes = new Array<ModelProcess | null>(WORKERS).fill(null);
    this.processes[0] = new ModelProcess();
    const end = this.#tell(0, OP.brk, 0).result;
    this.heap = Math.ceil(end / PAGE);
    // Everything is mapped at first, so that there is something to be paged.
    const all = { op: 'mmap', page: 0, pages: ARENA_PAGES, flags: 0xe, file: 0, value: 0 } as const;
    this.do({ ...all, who: 0, offset: 0, length: 1 });
    for (let at = 0; at < FILE_PAGES * PAGE; at += 3000) this.#write_fresh(0, 0, at, 3000, at);
    for (let at = 0; at < 3 * PAGE + 500; at += 3000) this.#write_fresh(0, 1, at, 3000, at);
  }

  #tell(who: number, op: number, ...args: number[]): Reply {
    const reply = this.driver.tell(who, op, ...args);
    if (reply === null)
      throw new Error(`worker ${who} does not answer; ${this.driver.log.join('; ')}`);
    this.done++;
    return reply;
  }

  /** A call that returns 0 or -1 is to end with one of `errnos`; @returns whether it succeeded. */
  #call(what: string, errnos: number[], who: number, op: number, ...args: number[]): boolean {
    const reply = this.#tell(who, op, ...args);
    const errno = reply.result === -1 ? reply.errno : 0;
    assert.ok(
      errnos.includes(errno),
      `${what} in worker ${who} gives errno ${errno}, not ${errnos.join(' or ')}`,
    );
    return errno === 0;
  }

  get #wired(): number {
    let n = 0;
    for (const p of this.processes) for (const s of p?.slots.values() ?? []) if (s.wired) n++;
    return n;
  }

  /** Processes that have `page`. */
  #sharers(page: Page): number {
    let n = 0;
    for (const p of this.processes)
      if (p !== null && [...p.slots.values()].some((s) => s.page === page)) n++;
    return n;
  }

  do(s: Step): void {
    const living = this.processes.flatMap((p, i) => (p === null ? [] : [i]));
    const who = living[s.who % living.length];
    const p = this.processes[who] as ModelProcess;
    const count = Math.min(s.pages, ARENA_PAGES - s.page);
    const first = ARENA + s.page;
    const range = [first * PAGE, count * PAGE] as const;
    switch (s.op) {
      case 'mmap':
        return this.#mmap(s, who, p, first, count);
      case 'munmap':
        this.#call('munmap', [0], who, OP.munmap, ...range);
        return p.unmap(first, count);
      case 'mprotect': {
        const prot = [PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, 0][s.flags % 4];
        const permitted = p.protect(first, count, prot);
        this.#call('mprotect', [permitted ? 0 : EACCES], who, OP.mprotect, ...range, prot);
        return;
      }
      case 'minherit':
        return this.#minherit(who, p, first, count, s.flags % 4);
      case 'madvise':
        return this.#madvise(s, who, p, first, count);
      case 'msync':
        return this.#msync(s, who, p, first, count);
      case 'mlock': {
        if (this.#wired + count > WIRED_MAX) return;
        const possible = p.wirable(first, count);
        // One that fails half-way may have made private copies.
        if (!possible && p.mapped(first, count).some((t) => t.page.own === null)) return;
        const may = possible ? [0, EAGAIN] : [ENOMEM, EAGAIN];
        if (this.#call('mlock', may, who, OP.mlock, ...range)) p.wire(first, count);
        return;
      }
      case 'munlock': {
        const slots = p.mapped(first, count);
        const whole = slots.length === count;
        if (this.#call('munlock', [whole ? 0 : ENOMEM], who, OP.munlock, ...range))
          for (const slot of slots) slot.wired = false;
        return;
      }
      case 'brk':
        return this.#brk(who, p, s.flags % (HEAP_PAGES + 1));
      case 'read':
      case 'write':
        return this.#transfer(s, who, p);
      case 'truncate':
        return this.#truncate(s, who);
      case 'fork':
        return this.#fork(who, p);
      case 'exit':
        if (living.length === 1) return;
        this.#tell(who, OP.exit);
        this.processes[who] = null;
        return;
      case 'exec':
        assert.equal(this.#tell(who, OP.exec).errno, 0, 'exec');
        this.processes[who] = new ModelProcess();
        return;
      case 'poke':
      case 'peek':
        return this.#access(s, who, p);
    }
  }

  #mmap(s: Step, who: number, p: ModelProcess, first: number, count: number): void {
    const shared = (s.flags & 1) !== 0;
    const anonymous = (s.flags & 2) !== 0;
    const exclusive = (s.flags & 0x30) === 0x30;
    const prot = s.flags & 0xc ? PROT_READ | PROT_WRITE : PROT_READ;
    // A hole of a memory file becomes a private page when it is read: the one that has none instead.
    const fd = s.file === 1 && !shared ? 0 : s.file;
    const { file, writable } = this.files[fd];
    const index = s.value % FILE_PAGES;
    const pages = anonymous ? count : Math.min(count, FILE_PAGES - index);
    const refused = !anonymous && shared && !writable && (prot & PROT_WRITE) !== 0;
    const taken = exclusive && p.mapped(first, pages).length > 0;
    const errno = refused ? EACCES : taken ? ENOMEM : 0;
    const flags =
      MAP_FIXED |
      (shared ? MAP_SHARED : MAP_PRIVATE) |
      (anonymous ? MAP_ANON : 0) |
      (exclusive ? MAP_EXCL : 0);
    const where = anonymous ? [0xffffffff, 0] : [fd, index * PAGE];
    const args = [first * PAGE, pages * PAGE, prot, flags, ...where];
    if (!this.#call('mmap', [errno], who, OP.mmap, ...args)) return;
    const max = !anonymous && shared && !writable ? PROT_READ : PROT_READ | PROT_WRITE;
    p.map(first, pages, (i) => new Page(anonymous ? null : file, index + i, shared && !anonymous), {
      prot,
      max,
      inherit: shared ? INHERIT_SHARE : INHERIT_COPY,
      wired: false,
    });
  }

  #minherit(who: number, p: ModelProcess, first: number, count: number, inherit: number): void {
    const slots = p.mapped(first, count);
    if (inherit === INHERIT_COPY && slots.some((s) => s.page.to_file || this.#sharers(s.page) > 1))
      return;
    this.#call('minherit', [0], who, OP.minherit, first * PAGE, count * PAGE, inherit);
    for (const slot of slots) slot.inherit = inherit;
  }

  #madvise(s: Step, who: number, p: ModelProcess, first: number, count: number): void {
    const behaviour = s.flags % 10;
    const heap = (s.flags & 0x100) !== 0 && p.heap > 0;
    const from = heap ? this.heap : first;
    const pages = heap ? Math.min(count, p.heap) : count;
    this.#call('madvise', [0], who, OP.madvise, from * PAGE, pages * PAGE, behaviour);
    if (behaviour !== MADV_FREE) return;
    for (const { page } of p.mapped(from, pages)) if (page.file === null) forget(page);
    // A private page of a file may become the file's again; that nobody asks for.
    for (const { page } of p.mapped(from, pages)) if (page.own !== null) forget(page);
  }

  #msync(s: Step, who: number, p: ModelProcess, first: number, count: number): void {
    const flags = [0, MS_ASYNC, MS_INVALIDATE, MS_ASYNC | MS_INVALIDATE][s.flags % 4];
    const slots = p.mapped(first, count);
    const may: number[] = [];
    if (slots.length < count) may.push(ENOMEM);
    if (flags & MS_INVALIDATE && slots.some((slot) => slot.wired)) may.push(EBUSY);
    if (may.length === 0) may.push(0);
    const wanted = flags === (MS_ASYNC | MS_INVALIDATE) ? [EINVAL] : may;
    this.#call('msync', wanted, who, OP.msync, first * PAGE, count * PAGE, flags);
  }

  #brk(who: number, p: ModelProcess, pages: number): void {
    const end = (this.heap + pages) * PAGE;
    this.#call('brk', [0], who, OP.brk, end);
    if (pages > p.heap) {
      p.map(this.heap + p.heap, pages - p.heap, () => new Page(null, 0, false), {
        prot: PROT_READ | PROT_WRITE,
        max: PROT_READ | PROT_WRITE,
        inherit: INHERIT_COPY,
        wired: false,
      });
    } else p.unmap(this.heap + pages, p.heap - pages);
    p.heap = pages;
  }

  #fork(who: number, p: ModelProcess): void {
    const slot = this.processes.indexOf(null);
    if (slot < 0) return;
    assert.ok(this.#tell(who, OP.fork, slot).result > 0, 'fork');
    this.processes[slot] = p.fork();
  }

  #truncate(s: Step, who: number): void {
    const fd = 1 + (s.file % 2);
    const { file } = this.files[fd];
    const size = (s.flags * 7) % (FILE_PAGES * PAGE + 1);
    const wired = this.processes.some(
      (p) => p !== null && [...p.slots.values()].some((t) => t.wired && t.page.file === file),
    );
    if (wired && size < file.size) return;
    this.#call('ftruncate', [0], who, OP.truncate, fd, size);
    file.truncate(size);
  }

  #write_fresh(who: number, fd: number, at: number, length: number, seed: number): void {
    const { file } = this.files[fd];
    const n = Math.min(length, FILE_PAGES * PAGE - at);
    assert.equal(this.#tell(who, OP.write, fd, at, 0, n, seed).result, n, 'write');
    for (let i = 0; i < n; i++) file.bytes[at + i] = fill(seed, i);
    file.size = Math.max(file.size, at + n);
  }

  #compare(what: string, expected: ArrayLike<number>, got: Uint8Array): void {
    for (let i = 0; i < got.length; i++)
      if (!agrees(expected[i], got[i]))
        throw new Error(`${what}: byte ${i} of ${got.length} is ${got[i]}, not ${expected[i]}`);
  }

  #read_fresh(who: number, fd: number, at: number, length: number): void {
    const { file } = this.files[fd];
    const n = Math.max(0, Math.min(length, file.size - at));
    const reply = this.#tell(who, OP.read, fd, at, 0, length);
    assert.equal(reply.result, n, `read of ${length} at ${at} of file ${fd}`);
    this.#compare(`read at ${at} of file ${fd}`, file.bytes.subarray(at, at + n), reply.bytes);
  }

  /** read(2) and write(2), between a file and the driver's own buffer or mapped memory. */
  #transfer(s: Step, who: number, p: ModelProcess): void {
    const reading = s.op === 'read';
    const fd = reading ? s.file : s.file % 3;
    const { file } = this.files[fd];
    const at = (s.flags * 11 + s.value) % (FILE_PAGES * PAGE);
    if (s.flags & 1) {
      if (reading) return this.#read_fresh(who, fd, at, s.length);
      return this.#write_fresh(who, fd, at, s.length, s.value);
    }
    const addr = (ARENA + s.page) * PAGE + s.offset;
    const wanted = s.length * 3;
    const n = Math.min(wanted, (reading ? file.size : FILE_PAGES * PAGE) - at);
    if (n <= 0) return;
    // Both ends in one file, or the undefined bytes behind its end.
    const pages = p.mapped(Math.floor(addr / PAGE), Math.ceil((s.offset + n) / PAGE));
    if (pages.some((slot) => slot.page.file === file)) return;
    if (!p.defined(addr, n, 1)) return;
    const { done } = p.walk(addr, n, 1, reading);
    if (done > 0 && done < n) return; // how much is done before EFAULT is not said
    const reply = this.#tell(who, reading ? OP.read : OP.write, fd, at, addr, reading ? wanted : n);
    if (done === 0) {
      assert.deepEqual([reply.result, reply.errno], [-1, EFAULT], `${s.op} of bad memory`);
      return;
    }
    assert.equal(reply.result, n, s.op);
    for (let i = 0; i < n; i++) {
      if (reading) p.set(addr + i, file.bytes[at + i]);
      else file.bytes[at + i] = p.get(addr + i);
    }
    if (!reading) file.size = Math.max(file.size, at + n);
  }

  #access(s: Step, who: number, p: ModelProcess): void {
    const writing = s.op === 'poke';
    const heap = s.flags % 4 === 0 && p.heap > 0;
    const first = heap ? this.heap + (s.page % p.heap) : ARENA + s.page;
    const addr = first * PAGE + s.offset;
    const stride = [1, 3, 64, 1000][s.value % 4];
    const room = ((heap ? this.heap + HEAP_PAGES : ARENA + ARENA_PAGES) * PAGE - addr) / stride;
    const count = Math.max(1, Math.min(Math.floor(s.length / 10), Math.floor(room)));
    if (!p.defined(addr, count, stride)) return;
    this.#walk(who, p, addr, count, stride, writing, s.value);
  }

  #walk(
    who: number,
    p: ModelProcess,
    addr: number,
    count: number,
    stride: number,
    writing: boolean,
    seed: number,
  ): void {
    const { done, sig } = p.walk(addr, count, stride, writing);
    const reply = writing
      ? this.#tell(who, OP.poke, addr, count, stride, seed)
      : this.#tell(who, OP.peek, addr, count, stride);
    const where = `${writing ? 'writing' : 'reading'} ${count} bytes, ${stride} apart, from 0x${addr.toString(16)} in worker ${who}`;
    assert.deepEqual([reply.result, reply.sig], [done, sig], where);
    if (sig !== 0) assert.equal(reply.addr, addr + done * stride, where);
    const bytes = Array.from({ length: done }, (_, i) =>
      writing ? fill(seed, i) : p.get(addr + i * stride),
    );
    if (writing) bytes.forEach((b, i) => p.set(addr + i * stride, b));
    else this.#compare(where, bytes, reply.bytes);
  }

  /** Everybody looks at everything. */
  look(): void {
    const [any] = this.processes.flatMap((p, i) => (p === null ? [] : [i]));
    this.files.forEach(({ file }, fd) => {
      for (let at = 0; at < file.size; at += PAGE) this.#read_fresh(any, fd, at, PAGE);
    });
    this.processes.forEach((p, who) => {
      if (p === null) return;
      for (let i = ARENA; i < ARENA + ARENA_PAGES; i++) this.#look_page(who, p, i);
      for (let i = this.heap; i < this.heap + HEAP_PAGES; i++) this.#look_page(who, p, i);
    });
  }

  #look_page(who: number, p: ModelProcess, at: number): void {
    const slot = p.slots.get(at);
    const bytes = slot?.page.beyond_end ? PAGE : (slot?.page.defined ?? PAGE);
    const stride = 61;
    this.#walk(who, p, at * PAGE, Math.ceil(bytes / stride), stride, false, 0);
  }
}
