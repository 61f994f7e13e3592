// A kernel without programs: the machine, the whole virtual memory system and processes that have
// an address space and one thread but run nothing. Tests touch memory as the CPU would.

import { ACCESS_USER, ACCESS_WRITE, Machine } from '../../emulator/index.js';
import { IMMEDIATE } from '../../kernel/geom/geom_disk.js';
import type { disk_timing } from '../../kernel/geom/bio.js';
import type { swap_device } from '../../kernel/vm/swap_pager_swap.js';
import { kern_state_init } from '../../kernel/kern/kern_state.js';
import { pmap_state_init } from '../../kernel/i386/pmap_state.js';
import type { KernelEvent } from '../../kernel/sys/event.js';
import type { Kernel } from '../../kernel/sys/kernel.js';
import { PRS_NORMAL, P_INMEM, TDF_INMEM, TDS_RUNNING } from '../../kernel/sys/proc.js';
import type { Proc, Thread } from '../../kernel/sys/proc.js';
import { RLIM_NLIMITS, rusage_zero } from '../../kernel/sys/resource.js';
import { ops } from '../../kernel/fs/vnode_if.js';
import { vfs_state_init } from '../../kernel/fs/vfs_state.js';
import { kernel_mount_root } from '../../kernel/kern/init_main.js';
import { SLEEP, sleepq_remove } from '../../kernel/kern/kern_synch.js';
import type { HostDirectory, HostStat } from '../../kernel/sys/host.js';
import type { vnode } from '../../kernel/sys/vnode.js';
import {
  pmap_activate,
  pmap_pte_value,
  pmap_remove_all,
  pmap_ts_referenced,
  pmap_remove_write,
} from '../../kernel/vm/pmap.js';
import { vm_check } from '../../kernel/vm/vm_check.js';
import { vm_fault } from '../../kernel/vm/vm_fault.js';
import { vmspace_alloc, vmspace_fork, vmspace_free } from '../../kernel/vm/vm_glue.js';
import { vm_mem_init } from '../../kernel/vm/vm_init.js';
import { vm_map_fixed, vm_map_lookup_entry, vm_map_remove } from '../../kernel/vm/vm_map.js';
import { vm_object_reference } from '../../kernel/vm/vm_object.js';
import { PHYS_TO_VM_PAGE, vm_page_free, vm_page_test_dirty } from '../../kernel/vm/vm_page.js';
import { vm_pager_put_pages } from '../../kernel/vm/vm_pager.js';
import {
  KERN_SUCCESS,
  VM_PROT_ALL,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../../kernel/vm/vm_param.js';
import { vm_state_init } from '../../kernel/vm/vm_state.js';
import type { vm_map_entry, vm_object, vm_page, vmspace } from '../../kernel/vm/vm_types.js';

export const PAGE = 4096;

/** Where tests map things: one directory slot further each time is another page table. */
export const BASE = 0x10000000;

export interface VmKernelOptions {
  /** Files of the root directory, as a host has them: their pages come through the vnode pager. */
  files?: Record<string, Uint8Array>;
  /** Event classes to keep. */
  mask?: number;
  ramBytes?: number;
  swapBytes?: number;
  /** Several disks to swap to. */
  swapDevices?: readonly swap_device[];
  /** How long disks take: no time, unless the test is about waiting. */
  diskTiming?: disk_timing;
  /** Messages of the kernel. */
  log?: (line: string) => void;
}

export interface MapOptions {
  object?: vm_object | null;
  offset?: number;
  prot?: number;
  max?: number;
  /** MAP_* of vm_map_insert. */
  cow?: number;
}

const RW = VM_PROT_READ | VM_PROT_WRITE;

/** A directory of a host that has just these files. */
export function directory_of(files: Record<string, Uint8Array>): HostDirectory {
  const stat = (kind: HostStat['kind'], size: number, ino: number): HostStat => ({
    kind,
    size,
    ino,
    mode: 0o755,
    uid: 0,
    gid: 0,
    nlink: 1,
    mtimeNs: 0,
    atimeNs: 0,
    ctimeNs: 0,
  });
  const names = Object.keys(files);
  return {
    lstat: (path) => {
      if (path === '') return stat('directory', 0, 1);
      return path in files ? stat('file', files[path].length, 2 + names.indexOf(path)) : null;
    },
    readdir: () => names,
    readlink: () => null,
    read: (path, offset, into) => {
      if (!(path in files)) return null;
      const bytes = files[path].subarray(offset, offset + into.length);
      into.set(bytes);
      return bytes.length;
    },
  };
}

export class VmKernel {
  readonly k: Kernel;
  readonly events: KernelEvent[] = [];
  /** Messages of the kernel. */
  readonly lines: string[] = [];
  #pid = 0;

  constructor({
    ramBytes = 16 << 20,
    swapBytes = 16 << 20,
    mask = 0,
    files,
    swapDevices,
    diskTiming = IMMEDIATE,
    log,
  }: VmKernelOptions = {}) {
    const machine = new Machine({ ramBytes });
    this.k = {
      machine,
      host: {
        consoleWrite() {},
        log: log ?? ((line: string): number => this.lines.push(line)),
        wallClockNs: () => 0,
        entropy: (into: Uint8Array) => into.fill(0),
      },
      opts: {
        swapBytes,
        swapDevices,
        diskTiming,
        checkInvariants: true,
        verboseBoot: false,
        realtime: false,
      },
      events: { mask, emit: (event: KernelEvent) => this.events.push(event) },
      vm: vm_state_init(),
      pmap: pmap_state_init(),
      kern: kern_state_init(),
      vfs: vfs_state_init(),
    } as unknown as Kernel;
    vm_mem_init(this.k);
    if (files !== undefined) kernel_mount_root(this.k, directory_of(files), 'test');
  }

  /** The vnode of a file in the root directory. */
  file(name: string): vnode {
    const root = this.k.vfs.rootvnode as vnode;
    const vp = ops(root).vop_lookup(this.k, root, name);
    if (vp === null) throw new Error(`there is no ${name}`);
    return vp;
  }

  /** A process with an empty address space; it is the current one afterwards. */
  process(vm: vmspace | null = vmspace_alloc(this.k)): Proc {
    if (vm === null) throw new Error('no memory for an address space');
    const p_pid = ++this.#pid;
    const p = {
      p_pid,
      p_vmspace: vm,
      p_flag: P_INMEM,
      p_nice: 0,
      p_comm: 'test',
      p_swtick: 0,
      p_state: PRS_NORMAL,
      p_osrel: 1100000,
      p_ucred: { cr_uid: 1001, cr_ruid: 1001 },
      p_limit: {
        pl_refcnt: 1,
        pl_rlimit: Array.from({ length: RLIM_NLIMITS }, () => ({
          rlim_cur: 64 << 20,
          rlim_max: 512 << 20,
        })),
      },
      p_threads: [] as Thread[],
    } as unknown as Proc;
    for (const limit of p.p_limit.pl_rlimit) limit.rlim_cur = Infinity;
    p.p_limit.pl_rlimit[3].rlim_cur = 8 << 20;
    p.p_limit.pl_rlimit[2].rlim_cur = 128 << 20;
    const td = {
      td_tid: 100000 + p_pid,
      td_proc: p,
      td_flags: TDF_INMEM,
      td_state: TDS_RUNNING,
      td_sa_code: -1,
      td_deadline: 0,
      td_retval: [0, 0],
      td_ru: rusage_zero(),
      td_progress: null,
      td_trapsig: null,
      td_wiring: null,
      td_kstack: null,
      td_pagein: null,
    };
    p.p_threads.push(td as unknown as Thread);
    vm.vm_pmap.pm_pid = p_pid;
    this.k.kern.allproc.set(p_pid, p);
    this.run(p);
    return p;
  }

  /** Makes `p` the current process. */
  run(p: Proc): void {
    this.k.kern.curthread = p.p_threads[0];
    if (p.p_vmspace !== null) pmap_activate(this.k, p.p_vmspace.vm_pmap);
  }

  get td(): Thread {
    return this.k.kern.curthread as Thread;
  }

  get vm(): vmspace {
    return this.td.td_proc.p_vmspace as vmspace;
  }

  fork(p: Proc): Proc {
    const vm = vmspace_fork(this.k, p.p_vmspace as vmspace, this.#pid + 1);
    if (vm === null) throw new Error('no memory to fork');
    const child = this.process(vm);
    vm.vm_pmap.pm_pid = child.p_pid;
    this.run(p);
    return child;
  }

  /** Maps `pages` of `object` (null: anonymous memory) at `at`. @returns KERN_*. */
  map(at: number, pages: number, options: MapOptions = {}): number {
    const { object = null, offset = 0, prot = RW, max = VM_PROT_ALL, cow = 0 } = options;
    if (object !== null) vm_object_reference(object);
    const { vm_map: map } = this.vm;
    return vm_map_fixed(this.k, map, object, offset, at, pages * PAGE, prot, max, cow);
  }

  unmap(at: number, pages: number): void {
    vm_map_remove(this.k, this.vm.vm_map, at, at + pages * PAGE);
  }

  /** The entry that contains `va`. */
  entry(va: number, p: Proc = this.td.td_proc): vm_map_entry {
    const entry = vm_map_lookup_entry((p.p_vmspace as vmspace).vm_map, va);
    if (entry === null) throw new Error(`nothing is mapped at 0x${va.toString(16)}`);
    return entry;
  }

  /** All entries as [start, end) in pages from BASE. */
  entries(p: Proc = this.td.td_proc): [start: number, end: number][] {
    const { header } = (p.p_vmspace as vmspace).vm_map;
    const out: [number, number][] = [];
    for (let e = header.next; e !== header; e = e.next)
      out.push([(e.start - BASE) / PAGE, (e.end - BASE) / PAGE]);
    return out;
  }

  object(va: number, p: Proc = this.td.td_proc): vm_object {
    const { object } = this.entry(va, p);
    if (object === null) throw new Error(`no object at 0x${va.toString(16)}`);
    return object;
  }

  /** The PTE of the current process, 0 when there is none. */
  pte(va: number): number {
    return pmap_pte_value(this.k, this.vm.vm_pmap, va);
  }

  /** The page that is mapped at `va`. */
  page(va: number): vm_page {
    const m = PHYS_TO_VM_PAGE(this.k, (this.pte(va) & 0xfffff000) >>> 0);
    if (m === null || (this.pte(va) & 1) === 0) throw new Error(`0x${va.toString(16)} not mapped`);
    return m;
  }

  /** Whether `f` puts the current thread to sleep; it is made runnable again. @returns the reason. */
  sleeps(f: () => void): string | null {
    try {
      f();
      return null;
    } catch (thrown) {
      if (thrown !== SLEEP) throw thrown;
      const { td } = this;
      sleepq_remove(this.k, td);
      td.td_state = TDS_RUNNING;
      return td.td_wmesg;
    }
  }

  /** Sends the page at `va` to its backing store, as the page daemon does. */
  evict(va: number): void {
    const m = this.page(va);
    pmap_remove_write(this.k, m);
    vm_page_test_dirty(this.k, m);
    if (m.dirty && !vm_pager_put_pages(this.k, m.object as vm_object, [m]))
      throw new Error('no room to page out');
    pmap_remove_all(this.k, m);
    vm_page_free(this.k, m);
  }

  /** Takes the reference bits off the page, as the page daemon does. */
  unreference(m: vm_page): void {
    while (pmap_ts_referenced(this.k, m) > 0);
  }

  exit(p: Proc): void {
    this.k.kern.allproc.delete(p.p_pid);
    vmspace_free(this.k, p.p_vmspace as vmspace);
    p.p_vmspace = null;
  }

  /** One access of the current process: translation, fault and retry. @returns a KERN_* code. */
  touch(va: number, write: boolean): number {
    const access = ACCESS_USER | (write ? ACCESS_WRITE : 0);
    for (let tries = 0; tries < 4; tries++) {
      if (this.k.machine.translate(va, access) >= 0) return KERN_SUCCESS;
      const type = write ? VM_PROT_WRITE : VM_PROT_READ;
      const result = vm_fault(this.k, this.vm.vm_map, va, type, 0);
      if (result !== KERN_SUCCESS) return result;
    }
    throw new Error(`access to 0x${va.toString(16)} faults for ever`);
  }

  /** The byte at `va` as the current process sees it, or -(KERN_* code). */
  read(va: number): number {
    const result = this.touch(va, false);
    if (result !== KERN_SUCCESS) return -result;
    return this.k.machine.ram8[this.k.machine.translate(va, ACCESS_USER)];
  }

  write(va: number, value: number): number {
    const result = this.touch(va, true);
    if (result !== KERN_SUCCESS) return -result;
    this.k.machine.ram8[this.k.machine.translate(va, ACCESS_USER | ACCESS_WRITE)] = value;
    return 0;
  }

  check(): string[] {
    return vm_check(this.k);
  }
}
