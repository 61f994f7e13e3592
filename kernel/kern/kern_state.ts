// State of processes, scheduling, time and signals.

import type { Proc, Thread, callout, pgrp, session } from '../sys/proc.js';
import { SYSCALL_ARGS_MAX } from '../sys/sysent.js';
import type { vm_object } from '../vm/vm_types.js';
import { shm_state_init } from './sysv_shm.js';
import type { shm_state } from './sysv_shm.js';

/** Queues of the scheduler: four priorities share one. */
export const RQ_NQS = 64;

export interface KernState {
  /** The running thread; null while the kernel boots or idles. */
  curthread: Thread | null;
  /** The thread whose x87 and SSE state is in the CPU, or null: then it is nobody's. */
  fpcurthread: Thread | null;
  proc0: Proc | null;
  initproc: Proc | null;
  /** All processes, zombies too, by pid. */
  allproc: Map<number, Proc>;
  pgrps: Map<number, pgrp>;
  sessions: Map<number, session>;
  threads: Map<number, Thread>;
  lastpid: number;
  lasttid: number;
  /** Run queues, and a bit for each that is not empty. */
  runq: Thread[][];
  runq_status: [number, number];
  /** Threads that sleep, by what they wait for. */
  sleepq: Map<object, Thread[]>;
  /** Pending callouts, soonest first. */
  callouts: callout[];
  /** ns that were skipped because nothing could run. */
  idle_ns: number;
  /** ns since 1970 at boot. */
  boottime: number;
  /** instructions at which the statistics clock ticks next. */
  statclock_next: number;
  /** instructions at which curthread was put on the CPU. */
  switch_instructions: number;
  /** Somebody better than curthread may run. */
  need_resched: boolean;
  /** curthread gives up the CPU of its own will. */
  relinquish: boolean;
  /** Uptime in s of the last decay of estcpu. */
  last_schedcpu: number;
  sa_args: Int32Array;
  /** The page with the signal trampolines; kernel's wired GDT page (linear address). */
  shared_page_obj: vm_object | null;
  gdt: number;
  gdt_pa: number;
  /** Bases of the user %fs and %gs descriptors that the GDT holds now; -1 unknown. */
  gdt_fsbase: number;
  gdt_gsbase: number;
  /** Thread whose Linux TLS descriptors the GDT holds. */
  gdt_tls_owner: Thread | null;
  /** The process's LDT that is behind the GDT now. */
  gdt_ldt: Int32Array | null;
  hostname: string;
  domainname: string;
  /** Exponentially damped run queue lengths, times 2048. */
  loadavg: [number, number, number];
  /** CPU time by state in ns: user, nice, system, interrupt, idle. */
  cp_time: [number, number, number, number, number];
  maxusers: number;
  maxproc: number;
  maxprocperuid: number;
  maxfiles: number;
  maxfilesperproc: number;
  nbuf: number;
  /** Bytes of kernel addresses for pipes: the limit, and in use. */
  maxpipekva: number;
  amountpipekva: number;
  log_sigexit: boolean;
  prot_fault_translation: number;
  map_at_zero: boolean;
  stack_guard_page: number;
  ps_arg_cache_limit: number;
  /** Sysctl knobs without behaviour of their own, by MIB name. */
  sysctl_values: Map<string, number | string>;
  /** Unknown system calls already reported: abi:number. */
  reported_nosys: Set<string>;
  /** Host time (ns) at which kernel_run last returned because all were idle; 0 when it did not. */
  idle_since: number;
  /** User processes that have not exited. */
  nprocs: number;
  /** ABI forced by --abi. */
  forced_abi: string | null;
  /** The first user process, and its wait status once it has ended (-1 before). */
  mainproc: Proc | null;
  main_status: number;
  randompid: number;
  /** Structures ever made, for vm.zone_stats. */
  zone_requests: { map_entry: number; vmspace: number };
  shm: shm_state;
}

export function kern_state_init(): KernState {
  return {
    curthread: null,
    fpcurthread: null,
    proc0: null,
    initproc: null,
    allproc: new Map(),
    pgrps: new Map(),
    sessions: new Map(),
    threads: new Map(),
    lastpid: 0,
    lasttid: 100000,
    runq: Array.from({ length: RQ_NQS }, () => []),
    runq_status: [0, 0],
    sleepq: new Map(),
    callouts: [],
    idle_ns: 0,
    boottime: 0,
    statclock_next: 0,
    switch_instructions: 0,
    need_resched: false,
    relinquish: false,
    last_schedcpu: 0,
    sa_args: new Int32Array(SYSCALL_ARGS_MAX),
    shared_page_obj: null,
    gdt: 0,
    gdt_pa: 0,
    gdt_fsbase: -1,
    gdt_gsbase: -1,
    gdt_tls_owner: null,
    gdt_ldt: null,
    hostname: 'faultline',
    domainname: '',
    loadavg: [0, 0, 0],
    cp_time: [0, 0, 0, 0, 0],
    maxusers: 0,
    maxproc: 0,
    maxprocperuid: 0,
    maxfiles: 0,
    maxfilesperproc: 0,
    nbuf: 0,
    maxpipekva: 0,
    amountpipekva: 0,
    log_sigexit: false,
    prot_fault_translation: 0,
    map_at_zero: false,
    stack_guard_page: 1,
    ps_arg_cache_limit: 256,
    sysctl_values: new Map(),
    reported_nosys: new Set(),
    idle_since: 0,
    nprocs: 0,
    forced_abi: null,
    mainproc: null,
    main_status: -1,
    randompid: 0,
    zone_requests: { map_entry: 0, vmspace: 0 },
    shm: shm_state_init(),
  };
}
