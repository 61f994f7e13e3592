// Fault injection: page allocations that fail, transfers that fail, swap space that runs out. What was
// written is not lost, who suffers gets FreeBSD's signal or errno, and the kernel is in order.

import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Kernel } from '../../kernel/index.js';
import { BIO_READ, BIO_WRITE } from '../../kernel/geom/bio.js';
import { disk_inject } from '../../kernel/geom/geom_disk.js';
import { trap_pfault_signal } from '../../kernel/i386/trap.js';
import { SEGV_MAPERR, SIGSEGV } from '../../kernel/sys/signal.js';
import { KERN_FAILURE } from '../../kernel/vm/vm_param.js';
import { GuestKernel } from '../helpers/guest_kernel.js';
import { swap_pager_blocks } from '../../kernel/vm/swap_pager_meta.js';
import { vm_page_lookup } from '../../kernel/vm/vm_page.js';
import type { vm_object } from '../../kernel/vm/vm_types.js';
import { root } from '../helpers/faultline.js';
import { BASE, PAGE, VmKernel, directory_of } from '../helpers/vm_kernel.js';
import { Driver, OP, fill } from './model_machine.js';

const MB = 1 << 20;

// The runner wants to hear of its worker once a minute.
beforeEach(() => new Promise((resolve) => void setImmediate(resolve)));
const program = (name: string): string => join(root, 'userland/build/freebsd/test', name);

/** Programs that between them come by every call of vm_page_alloc that a process can cause. */
const SCENARIOS: [name: string, args: string[], ram: number][] = [
  ['brk_rezero', [], 4],
  ['cow_child_writes', [], 4],
  ['exec_arguments', [], 4],
  ['fork_chain', [], 4],
  ['fork_tree', [], 4],
  ['minherit', [], 4],
  ['mlock', [], 4],
  ['mmap_private_file', [], 4],
  ['mmap_shared_file', [], 4],
  ['pressure_thrash', ['12', '80', '4'], 2],
  ['shadow_chain', [], 4],
  ['sparse_file', [], 4],
  ['stack_growth', [], 4],
  ['sysv_shm', [], 4],
  ['vfork_exec', [], 4],
];
/**
 * Functions that call vm_page_alloc when a process does something; `one` is pager_run_alloc's. That of a
 * kernel stack which is swapped in has its own test (kstack.test.ts).
 */
const CALLERS = [
  'kstack_create',
  'one',
  'pmap_allocpte',
  'pmap_pinit',
  'vm_fault_allocate',
  'vm_fault_copy_entry',
  'vm_fault_zero_fast',
  'vn_page',
];
/** Besides the first and the last allocation of each call site, so many; every single one with FULL=1. */
const SAMPLES = process.env['FULL'] === undefined ? 2 : Infinity;

/** Counts allocations from now on by who calls vm_page_alloc, and for whom. */
function count_callers(vm: Kernel['vm']): Map<string, number[]> {
  const sites = new Map<string, number[]>();
  let count = 0;
  // vm_page_alloc counts it down each time.
  Object.defineProperty(vm, 'fail_alloc', {
    get: () => Infinity,
    set: () => {
      count++;
      const names = (new Error().stack ?? '').matchAll(/^ +at (?:Module\.)?(\w+) /gm);
      const [caller, of] = [...names].map((m) => m[1]).slice(1);
      const site = `${caller} ${of}`;
      sites.set(site, [...(sites.get(site) ?? []), count]);
    },
  });
  return sites;
}

describe('A#19 A#20 vm#95 a page allocation that fails is waited for', () => {
  const callers = new Set<string>();

  test.each(SCENARIOS)('%s %j', (name, args, ram) => {
    const run = (start: (guest: GuestKernel) => void): GuestKernel => {
      const guest = new GuestKernel({ ramBytes: ram * MB, swapBytes: 16 * MB });
      guest.started = () => start(guest);
      const outcome = guest.run(program(name), args);
      expect(outcome).toEqual({ status: 0, output: '', log: [], violations: [] });
      return guest;
    };
    let sites = new Map<string, number[]>();
    run(({ k }) => (sites = count_callers(k.vm)));
    const every = [...sites.values()].flat().sort((a, b) => a - b);
    expect(every.length).toBeGreaterThan(1);
    for (const site of sites.keys()) callers.add(site.split(' ')[0]);
    const step = Math.max(1, Math.floor(every.length / SAMPLES));
    const chosen = new Set(every.filter((_, i) => i % step === 0));
    for (const numbers of sites.values()) chosen.add(numbers[0]).add(numbers[numbers.length - 1]);
    // What was allocated after a failure may come in another order: those before it do not.
    for (const n of chosen) {
      const { k } = run((guest) => (guest.k.vm.fail_alloc = n));
      expect(k.vm.fail_alloc, `allocation ${n}`).toBe(0);
    }
  });

  test('all call sites have been there', () => {
    expect([...callers].sort()).toEqual(CALLERS);
  });
});

describe('A#23 vm#121 errors of swap devices', () => {
  const paged = (): VmKernel => {
    const vm = new VmKernel({ ramBytes: 4 * MB, swapBytes: 4 * MB });
    vm.process();
    vm.map(BASE, 4);
    for (let i = 0; i < 4; i++) vm.write(BASE + i * PAGE, 10 + i);
    return vm;
  };

  test('a page that cannot be written stays in memory, dirty', () => {
    const vm = paged();
    disk_inject(vm.k.vm.swdevs[0].sw_disk, BIO_WRITE, 1);
    expect(() => vm.evict(BASE)).toThrow();
    expect(vm.read(BASE)).toBe(10);
    expect(vm.check()).toEqual([]);
    vm.evict(BASE);
    expect(vm.read(BASE)).toBe(10);
    expect(vm.check()).toEqual([]);
  });

  test('a page that cannot be read is an error of the access, and is there once the disk is well', () => {
    const vm = paged();
    vm.evict(BASE + PAGE);
    disk_inject(vm.k.vm.swdevs[0].sw_disk, BIO_READ, 1);
    // KERN_FAILURE, and so SIGSEGV: neither the protection nor the end of a file (vm_fault.c, trap.c).
    expect(vm.read(BASE + PAGE)).toBe(-KERN_FAILURE);
    const signal = trap_pfault_signal(vm.k, vm.td.td_proc, KERN_FAILURE);
    expect(signal).toEqual({ sig: SIGSEGV, code: SEGV_MAPERR });
    expect(vm.lines.at(-1)).toBe('vm_fault: pager read error, pid 1 (test)');
    expect(vm.check()).toEqual([]);
    expect(vm.read(BASE + PAGE)).toBe(11);
    expect(vm.check()).toEqual([]);
  });
});

describe('A#23 A#24 vm#68 vm#121 what programs notice of disks with errors', () => {
  const ADDR = 0x30000000;
  const RW = 3;
  const FIXED = 0x10;
  const PRIVATE = 2;
  const SHARED = 1;
  const ANON = 0x1000;
  const [SIGSEGV, SEGV_MAPERR, EIO, EFAULT] = [11, 1, 5, 14];
  const contents = new Uint8Array(64 * PAGE).map((_, i) => (i >> 12) + 1);

  const driver = (pages: number): Driver =>
    new Driver({
      pages,
      swapBytes: 4 * MB,
      open: ['/a', '/host'],
      host: directory_of({ host: contents }),
    });
  const map = (d: Driver, pages: number, flags: number, fd = 0xffffffff): void => {
    expect(d.tell(0, OP.mmap, ADDR, pages * PAGE, RW, flags | FIXED, fd, 0)?.result).toBe(ADDR);
  };
  /** Anonymous pages, each with its number, more than there is memory for. */
  const paged_out = (pages: number): Driver => {
    const d = driver(90);
    map(d, pages, PRIVATE | ANON);
    for (let i = 0; i < pages; i++) d.tell(0, OP.poke, ADDR + i * PAGE, 1, 1, i);
    return d;
  };
  const number = (d: Driver, page: number): number | undefined =>
    d.tell(0, OP.peek, ADDR + page * PAGE, 1, 1)?.bytes[0];
  /** A page of those that is on swap only, and the next read of it fails. */
  const spoil = (d: Driver): number => {
    const object = [...d.k.vm.object_list].find((o) => o.size === 100) as vm_object;
    const [pindex, block] = swap_pager_blocks(object).find(
      ([at]) => vm_page_lookup(object, at) === null,
    ) as [number, number];
    disk_inject(d.k.vm.swdevs[0].sw_disk, BIO_READ, 1, block, block);
    return pindex;
  };

  test('vm#94 a page of a file that cannot be read: SIGSEGV at its address, and later it is there', () => {
    const d = driver(300);
    map(d, 64, PRIVATE, 1);
    disk_inject(d.k.vm.disks[0], BIO_READ, 1);
    const addr = ADDR + 40 * PAGE + 7;
    // trap_pfault() of FreeBSD 11: KERN_FAILURE is no KERN_PROTECTION_FAILURE.
    expect(d.tell(0, OP.peek, addr, 1, 1)).toMatchObject({
      result: 0,
      sig: SIGSEGV,
      code: SEGV_MAPERR,
      addr,
    });
    expect(d.check()).toEqual([]);
    expect(number(d, 40)).toBe(41);
    expect(d.check()).toEqual([]);
  });

  test('vm#94 read(2) of a file that cannot be read: EIO, and later it is there', () => {
    const d = driver(300);
    disk_inject(d.k.vm.disks[0], BIO_READ, 1);
    expect(d.tell(0, OP.read, 1, 20 * PAGE, 0, 100)).toMatchObject({ result: -1, errno: EIO });
    expect(d.check()).toEqual([]);
    const again = d.tell(0, OP.read, 1, 20 * PAGE, 0, 100);
    expect(again?.result).toBe(100);
    expect(new Set(again?.bytes)).toEqual(new Set([21]));
  });

  test('a page on swap that cannot be read: SIGSEGV for the program, EFAULT for a call', () => {
    const d = paged_out(100);
    const page = spoil(d);
    expect(d.tell(0, OP.peek, ADDR + page * PAGE, 1, 1)).toMatchObject({
      result: 0,
      sig: SIGSEGV,
      addr: ADDR + page * PAGE,
    });
    expect(d.check()).toEqual([]);
    expect(number(d, page)).toBe(fill(page, 0));
    const other = spoil(d);
    expect(d.tell(0, OP.read, 1, 0, ADDR + other * PAGE, 10)).toMatchObject({
      result: -1,
      errno: EFAULT,
    });
    expect(d.check()).toEqual([]);
    for (let i = 0; i < 100; i++) expect(number(d, i), `page ${i}`).toBe(fill(i, 0));
    expect(d.check()).toEqual([]);
  });

  test('pages that swap does not take, one time after the other, are lost by nobody', () => {
    const d = driver(90);
    disk_inject(d.k.vm.swdevs[0].sw_disk, BIO_WRITE, 20);
    map(d, 100, PRIVATE | ANON);
    for (let i = 0; i < 100; i++) d.tell(0, OP.poke, ADDR + i * PAGE, 1, 1, i);
    // A file of the memory file system is on swap too.
    for (let i = 0; i < 12; i++) d.tell(0, OP.write, 0, i * PAGE, 0, 1000, i);
    expect(d.check()).toEqual([]);
    expect(d.k.vm.swdevs[0].sw_disk.d_errors).toBe(20);
    for (let i = 0; i < 100; i++) expect(number(d, i), `page ${i}`).toBe(fill(i, 0));
    for (let i = 0; i < 12; i++)
      expect(d.tell(0, OP.read, 0, i * PAGE, 0, 1)?.bytes[0]).toBe(fill(i, 0));
    expect(d.check()).toEqual([]);
  });

  test('vm#94 changes of a file that its disk does not take stay in memory, for everybody', () => {
    const d = driver(300);
    map(d, 64, SHARED, 1);
    disk_inject(d.k.vm.disks[0], BIO_WRITE, Infinity);
    for (let i = 0; i < 64; i++) d.tell(0, OP.poke, ADDR + i * PAGE, 10, 1, i);
    expect(d.tell(0, OP.msync, ADDR, 64 * PAGE, 0)).toMatchObject({ result: -1, errno: EIO });
    expect(d.k.vm.disks[0].d_errors).toBeGreaterThan(0);
    expect(d.check()).toEqual([]);
    expect(d.tell(0, OP.munmap, ADDR, 64 * PAGE)?.result).toBe(0);
    for (let i = 0; i < 64; i++)
      expect(d.tell(0, OP.read, 1, i * PAGE, 0, 10)?.bytes[9]).toBe(fill(i, 9));
    expect(d.check()).toEqual([]);
  });
});

test('A#21 A#23 vm#126 swap space that runs out kills who wants it, and the next program runs', () => {
  const guest = new GuestKernel({ ramBytes: 2 * MB, swapBytes: 1 * MB });
  const outcome = guest.run(program('pressure_sort'), ['4']);
  expect(outcome.status).toBe(128 + 9);
  expect(outcome.log.join()).toContain('was killed: out of swap space');
  expect(outcome.violations).toEqual([]);
  expect(guest.run(program('append'))).toEqual({
    status: 0,
    output: '',
    log: [],
    violations: [],
  });
});
