// Seeded programs whose system calls mostly succeed: they map, split, share, wire and give back the
// same few pages in any order, from several processes and threads, under signals, and touch them.

import { makeElf } from '../helpers/elf.js';
import { ELFOSABI_FREEBSD, ELFOSABI_LINUX, pick } from './fuzz_programs.js';

type Random = () => number;

const PAGE = 4096;
const TEXT = 0x08048000;
const DATA = 0x08060000;
const DATA_PAGES = 8;
/** Where most mappings go: small enough that they meet. */
const ARENA = 0x20000000;
const ARENA_PAGES = 48;

// The data segment.
const NAMES = DATA;
const ACTION = DATA + 256;
const SKIP_ACTION = DATA + 320;
const TIMER = DATA + 384;
const PAUSE = DATA + 416;
const THREAD = DATA + 448;
const ARGUMENTS = DATA + 512;
const RESULTS = DATA + PAGE;
const THREAD_STACK = DATA + 6 * PAGE;
const STACK_BYTES = PAGE;

const FILES = ['/tmp/a', '/tmp/b', '/program', '/dev/zero', '/tmp'];
const NAME_BYTES = 16;

/** How both kernels call their numbers; -1 where one has none. */
const call = (freebsd: number, linux: number): readonly [number, number] => [freebsd, linux];
const SYS = {
  exit: call(1, 1),
  fork: call(2, 2),
  read: call(3, 3),
  write: call(4, 4),
  open: call(5, 5),
  close: call(6, 6),
  wait4: call(7, 114),
  unlink: call(10, 10),
  kill: call(37, 37),
  dup2: call(90, 63),
  pipe: call(42, 42),
  execve: call(59, 11),
  msync: call(65, 144),
  vfork: call(66, 190),
  munmap: call(73, 91),
  mprotect: call(74, 125),
  madvise: call(75, 219),
  mincore: call(78, 218),
  setitimer: call(83, 104),
  fsync: call(95, 118),
  rename: call(128, 38),
  setrlimit: call(195, 75),
  mlock: call(203, 150),
  munlock: call(204, 151),
  nanosleep: call(240, 162),
  minherit: call(250, -1),
  mlockall: call(324, 152),
  munlockall: call(325, 153),
  yield: call(331, 158),
  sigaction: call(416, 174),
  thread: call(455, 120),
  mmap: call(477, 192),
  lseek: call(478, 19),
  ftruncate: call(480, 93),
  mremap: call(-1, 163),
  brk: call(17, 45),
} as const;

/** A number, or the result of an earlier call by its index. */
type Argument = number | { result: number };

/** A 64-bit offset is two words to FreeBSD, and for mmap2 a number of pages. */
const words = (linux: boolean, offset: number): number[] => (linux ? [offset] : [offset, 0]);

class Program {
  readonly code: number[] = [];
  readonly next: Random;
  readonly linux: boolean;
  calls = 0;
  /** Processes double at each fork, and begin again at an exec: few of one, or one of the other. */
  forks: number;
  execs: number;
  /** Where a new FreeBSD thread begins: behind what makes threads. */
  threadStart = 0;

  constructor(next: Random, linux: boolean) {
    this.next = next;
    this.linux = linux;
    this.forks = next() % 4;
    this.execs = this.forks === 0 ? 1 : 0;
  }

  word(value: number): void {
    this.code.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  }

  syscall(numbers: readonly [number, number], ...args: Argument[]): void {
    const number = numbers[this.linux ? 1 : 0];
    if (number < 0) return;
    const count = this.linux ? 6 : 7;
    for (let i = count - 1; i >= 0; i--) {
      const arg = args[i] ?? 0;
      if (typeof arg === 'number') this.code.push(0x68);
      else this.code.push(0xff, 0x35);
      this.word(typeof arg === 'number' ? arg : RESULTS + 4 * arg.result);
    }
    // pop ebx, ecx, edx, esi, edi, ebp for Linux; a return address for FreeBSD.
    if (this.linux) this.code.push(0x5b, 0x59, 0x5a, 0x5e, 0x5f, 0x5d);
    else this.code.push(0x6a, 0);
    this.code.push(0xb8);
    this.word(number);
    this.code.push(0xcd, 0x80);
    if (!this.linux) this.code.push(0x83, 0xc4, 4 * (count + 1));
    this.code.push(0xa3);
    this.word(RESULTS + 4 * (this.calls++ % 16));
  }

  /** or byte [address], 1 or mov byte [address], 1: seven bytes, which the SIGSEGV handler skips. */
  touch(address: number): void {
    if (this.next() & 1) this.code.push(0x80, 0x0d);
    else this.code.push(0xc6, 0x05);
    this.word(address);
    this.code.push(1);
  }

  address(): number {
    const { next } = this;
    if (next() % 24 === 0) return DATA + PAGE * (2 + (next() % (DATA_PAGES - 2)));
    const at = ARENA + PAGE * (next() % ARENA_PAGES);
    return next() % 24 === 0 ? at + (next() % PAGE) : at;
  }

  length(): number {
    const pages = 1 + (this.next() % 12);
    return this.next() % 24 === 0 ? PAGE * pages - (this.next() % PAGE) : PAGE * pages;
  }

  descriptor(): Argument {
    return this.next() % 3 ? 3 + (this.next() % 5) : { result: this.next() % 16 };
  }

  name(): number {
    return NAMES + NAME_BYTES * (this.next() % FILES.length);
  }

  mmap(): void {
    const { next, linux } = this;
    const sharing = 1 + (next() & 1);
    const file = next() % 3 === 0;
    const anonymous = linux ? 0x20 : 0x1000;
    const odd = linux ? [0x100, 0x4000, 0x8000] : [0x400, 0x2000, 0x4000, 0x40000];
    let flags = sharing | (file ? 0 : anonymous);
    if (next() % 4) flags |= 0x10;
    if (next() % 8 === 0) flags |= pick(next, odd);
    const offset = file ? next() % 8 : 0;
    this.syscall(
      SYS.mmap,
      next() % 8 ? this.address() : 0,
      this.length(),
      next() % 4 ? 3 : next() % 8,
      flags,
      file ? this.descriptor() : -1,
      ...words(linux, linux ? offset : offset * PAGE),
    );
  }

  /** One random step. */
  step(): void {
    const { next, linux } = this;
    const range = (): [number, number] => [this.address(), this.length()];
    const steps: (() => void)[] = [
      () => this.mmap(),
      () => this.mmap(),
      () => this.mmap(),
      () => this.touch(this.address() + (next() % PAGE)),
      () => this.touch(this.address() + (next() % PAGE)),
      () => this.touch(this.address() + (next() % PAGE)),
      () => this.syscall(SYS.munmap, ...range()),
      () => this.syscall(SYS.mprotect, ...range(), next() % 8),
      () => this.syscall(SYS.madvise, ...range(), next() % (linux ? 16 : 11)),
      () => this.syscall(SYS.minherit, ...range(), next() % 4),
      () => this.syscall(SYS.msync, ...range(), pick(next, [0, 1, 2, 4])),
      () => this.syscall(SYS.mlock, ...range()),
      () => this.syscall(SYS.munlock, ...range()),
      () => this.syscall(next() & 1 ? SYS.mlockall : SYS.munlockall, 1 + (next() % 3)),
      () => this.syscall(SYS.mincore, ...range(), this.address()),
      () => this.syscall(SYS.mremap, ...range(), this.length(), next() % 4, this.address()),
      () => this.syscall(SYS.brk, DATA + PAGE * (DATA_PAGES + (next() % 16))),
      () => this.syscall(SYS.read, this.descriptor(), ...range()),
      () => this.syscall(SYS.read, this.descriptor(), ...range()),
      () => this.syscall(SYS.write, this.descriptor(), ...range()),
      () => this.syscall(SYS.write, this.descriptor(), ...range()),
      () =>
        this.syscall(
          SYS.open,
          this.name(),
          pick(next, linux ? [0x42, 0, 0x241] : [0x202, 0, 0x601]),
          0o666,
        ),
      () => this.syscall(SYS.close, this.descriptor()),
      () => this.syscall(SYS.dup2, this.descriptor(), 3 + (next() % 5)),
      () => this.syscall(SYS.pipe, RESULTS + 4 * (next() % 14)),
      () => this.syscall(SYS.ftruncate, this.descriptor(), ...words(linux, next() % (12 * PAGE))),
      () =>
        this.syscall(
          SYS.lseek,
          this.descriptor(),
          ...words(linux, next() % (12 * PAGE)),
          next() % 3,
        ),
      () => this.syscall(SYS.fsync, this.descriptor()),
      () => this.syscall(SYS.unlink, this.name()),
      () => this.syscall(SYS.rename, this.name(), this.name()),
      () => this.syscall(SYS.setrlimit, next() % 12, ARGUMENTS + 8 * (next() % 8)),
      () => this.fork(),
      () => this.syscall(SYS.wait4, -1, RESULTS, next() % 4 ? 1 : 0, 0),
      () => this.syscall(SYS.kill, 0, pick(next, [14, 15, 16, 17, 20, 30, 31])),
      () => this.syscall(SYS.kill, 0, 1 + (next() % 31)),
      () => this.syscall(SYS.setitimer, next() % 3, TIMER, 0),
      () => this.syscall(SYS.nanosleep, PAUSE, 0),
      () => this.syscall(SYS.yield),
      () => this.exec(),
      () => this.thread(),
      () => this.syscall(SYS.exit, 0),
    ];
    // The last of the list are rare.
    const n = next() % (steps.length * 4);
    steps[n < steps.length ? n : n % (steps.length - 11)]();
  }

  fork(): void {
    if (this.forks-- > 0) this.syscall(this.next() % 4 ? SYS.fork : SYS.vfork);
  }

  exec(): void {
    if (this.execs-- > 0) this.syscall(SYS.execve, NAMES + NAME_BYTES * 2, 0, 0);
  }

  /** thr_new, or clone with everything shared: the new one goes on in the same code. */
  thread(): void {
    const sharing = 0x10f00;
    if (this.linux) this.syscall(SYS.thread, sharing, THREAD_STACK + STACK_BYTES - 64, 0, 0, 0);
    else this.syscall(SYS.thread, THREAD, 4 * 13);
    this.threadStart = TEXT + this.code.length;
  }
}

/** mov eax, [esp+12]; add dword [eax+76], 7; ret: goes on behind the instruction that faulted. */
const SKIP = [0x8b, 0x44, 0x24, 12, 0x83, 0x40, 76, 7, 0xc3];
const RETURN = [0xc3];
const SIGSEGV = 11;

/** A program of `count` steps, for FreeBSD or Linux. */
export function plausibleProgram(next: Random, linux: boolean, count: number): Uint8Array {
  const p = new Program(next, linux);
  const start = SKIP.length + RETURN.length;
  p.code.push(...SKIP, ...RETURN);
  const size = linux ? [8] : [];
  const SIGBUS = linux ? 7 : 10;
  for (const sig of [SIGSEGV, SIGBUS]) p.syscall(SYS.sigaction, sig, SKIP_ACTION, 0, ...size);
  for (const sig of [14, 15, 16, 17, 20, 30, 31])
    if (sig !== SIGBUS) p.syscall(SYS.sigaction, sig, ACTION, 0, ...size);
  p.syscall(SYS.setitimer, 0, TIMER, 0);
  for (let i = 0; i < count; i++) p.step();
  p.syscall(SYS.exit, 0);

  const bytes = new Uint8Array(DATA_PAGES * PAGE);
  const view = new DataView(bytes.buffer);
  const put = (at: number, values: number[]): void =>
    values.forEach((value, i) => view.setUint32(at - DATA + 4 * i, value >>> 0, true));
  FILES.forEach((name, i) => {
    for (let c = 0; c < name.length; c++) bytes[NAME_BYTES * i + c] = name.charCodeAt(c);
  });
  // Both struct sigactions begin with handler and flags; SA_SIGINFO, SA_NODEFER, sometimes SA_RESTART.
  const flags = linux ? 0x40000004 : 0x50;
  const restart = next() & 1 ? (linux ? 0x10000000 : 2) : 0;
  put(SKIP_ACTION, [TEXT, flags]);
  put(ACTION, [TEXT + SKIP.length, flags | restart]);
  put(TIMER, [0, 50 + (next() % 2000), 0, 50 + (next() % 2000)]);
  put(PAUSE, [0, next() % 10_000_000]);
  // start_func arg stack_base stack_size tls_base tls_size child_tid parent_tid flags rtp
  put(THREAD, [p.threadStart, 0, THREAD_STACK, STACK_BYTES, 0, 0, RESULTS, RESULTS + 4, 0, 0]);
  for (let i = 0; i < 16; i++)
    put(ARGUMENTS + 4 * i, [pick(next, [0, 1, PAGE, 65536, 8 << 20, -1])]);
  return makeElf({
    entry: TEXT + start,
    osabi: linux ? ELFOSABI_LINUX : ELFOSABI_FREEBSD,
    segments: [
      { vaddr: TEXT, bytes: Uint8Array.from(p.code), flags: 5 },
      { vaddr: DATA, bytes, flags: 6 },
    ],
  });
}
