// The event stream: every change worth seeing is one typed event. Nothing is built when nobody
// listens: emitters test `k.events.mask` first.

export const EV_FAULT = 1 << 0;
export const EV_MAP = 1 << 1;
export const EV_PMAP = 1 << 2;
export const EV_PAGE = 1 << 3;
export const EV_PAGER = 1 << 4;
export const EV_SCHED = 1 << 5;
export const EV_SIGNAL = 1 << 6;
export const EV_SYSCALL = 1 << 7;
export const EV_OBJECT = 1 << 8;
export const EV_PROC = 1 << 9;
export const EV_BOOT = 1 << 10;
export const EV_SWAP = 1 << 11;
export const EV_RESERV = 1 << 12;

/** How a fault ended (vm_fault.ts). */
export type FaultOutcome =
  'zero-filled' | 'copied' | 'renamed' | 'paged-in' | 'mapped' | 'grown' | 'sleeping' | 'failed';

export type KernelEvent =
  | {
      type: 'fault';
      pid: number;
      /** Guest virtual address of the access (CR2). */
      va: number;
      /** #PF error code, SDM 3A §4.7. */
      error: number;
      eip: number;
      access: 'read' | 'write' | 'execute';
      /** Map entry the address fell into, or null. */
      entry: { start: number; end: number; protection: number; eflags: number } | null;
      /** Objects visited, top first. */
      objects: { id: number; type: number; pindex: number; hit: boolean }[];
      outcome: FaultOutcome;
      /** KERN_* result. */
      result: number;
      /** Signal sent, or 0. */
      signal: number;
      pteBefore: number;
      pteAfter: number;
    }
  | {
      type: 'map';
      pid: number;
      op:
        | 'insert'
        | 'delete'
        | 'protect'
        | 'clip'
        | 'simplify'
        | 'inherit'
        | 'advise'
        | 'wire'
        | 'unwire'
        | 'grow'
        | 'fork';
      start: number;
      end: number;
      /** What else is worth saying, already in words (protection, flags). */
      detail: string;
    }
  | {
      type: 'pmap';
      pid: number;
      op:
        | 'enter'
        | 'remove'
        | 'protect'
        | 'invalidate'
        | 'table'
        | 'promote'
        | 'demote'
        | 'load'
        | 'clear';
      va: number;
      before: number;
      after: number;
    }
  | {
      type: 'page';
      op:
        | 'alloc'
        | 'free'
        | 'activate'
        | 'deactivate'
        | 'wire'
        | 'unwire'
        | 'rename'
        | 'cache'
        | 'requeue'
        | 'reclaim';
      /** Physical address. */
      pa: number;
      object: number;
      pindex: number;
    }
  | {
      type: 'pager';
      op: 'pagein' | 'pageout' | 'zero' | 'error';
      object: number;
      objectType: number;
      pindex: number;
      count: number;
    }
  | {
      /** A page of an object gets a block of swap space, or has it no longer. */
      type: 'swap';
      op: 'assign' | 'forget';
      object: number;
      pindex: number;
      block: number;
    }
  | {
      /** Swap space is promised to a user, or given back. */
      type: 'charge';
      op: 'reserve' | 'release';
      uid: number;
      bytes: number;
    }
  | {
      /** A frame of 4 MB and the object that takes its pages from it. */
      type: 'reserv';
      op: 'alloc' | 'full' | 'free' | 'break';
      pa: number;
      object: number;
      pindex: number;
      popcnt: number;
    }
  | {
      type: 'object';
      op: 'create' | 'shadow' | 'collapse' | 'bypass' | 'split' | 'terminate';
      object: number;
      backing: number;
      size: number;
    }
  | {
      type: 'sched';
      op: 'switch' | 'sleep' | 'wakeup' | 'preempt' | 'idle';
      pid: number;
      tid: number;
      detail: string;
    }
  | {
      type: 'signal';
      op: 'post' | 'deliver' | 'return' | 'kill';
      pid: number;
      signo: number;
      code: number;
      addr: number;
    }
  | {
      type: 'syscall';
      op: 'enter' | 'return';
      pid: number;
      abi: string;
      number: number;
      name: string;
      args: number[];
      /** errno on return (0 = success). */
      error: number;
      result: number;
    }
  | { type: 'proc'; op: 'fork' | 'exec' | 'exit' | 'reap'; pid: number; detail: string }
  | { type: 'boot'; line: string };

export interface EventStream {
  /** Union of the EV_* classes somebody listens to. */
  mask: number;
  emit(event: KernelEvent): void;
  /** Set by a debugger: kernel_run() returns before the next instruction of user mode. */
  stop?: boolean;
  /** Threads, by td_tid, that a debugger keeps from the CPU. */
  held?: ReadonlySet<number>;
  /**
   * A debugger's say before a thread takes a signal. hold: kernel_run() is to return (`stop` is set
   * with it), and what raised the signal happens again. discard: the signal is dropped.
   */
  signal?(pid: number, tid: number, signo: number): 'pass' | 'hold' | 'discard';
}

/** The class of each type of event: what `mask` must have for it to be wanted. */
export const EVENT_CLASSES: Readonly<Record<KernelEvent['type'], number>> = {
  fault: EV_FAULT,
  map: EV_MAP,
  pmap: EV_PMAP,
  page: EV_PAGE,
  pager: EV_PAGER,
  object: EV_OBJECT,
  sched: EV_SCHED,
  signal: EV_SIGNAL,
  syscall: EV_SYSCALL,
  proc: EV_PROC,
  boot: EV_BOOT,
  swap: EV_SWAP,
  charge: EV_SWAP,
  reserv: EV_RESERV,
};
