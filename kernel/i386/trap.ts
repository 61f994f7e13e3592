// Traps and system calls of user mode (i386/trap.c). Page faults go to vm_fault; everything else
// becomes a signal.

import { EDX, PF_USER, PF_WRITE } from '../../emulator/index.js';
import type { Exit } from '../../emulator/index.js';
import { ENOSYS, EJUSTRETURN, ERESTART } from '../sys/errno.js';
import { EV_FAULT, EV_SYSCALL } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { VM_MAXUSER_ADDRESS } from '../sys/param.js';
import type { Proc, Thread } from '../sys/proc.js';
import {
  BUS_ADRALN,
  BUS_ADRERR,
  BUS_OBJERR,
  FPE_FLTSUB,
  FPE_INTDIV,
  FPE_INTOVF,
  ILL_PRVOPC,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  TRAP_BRKPT,
  TRAP_TRACE,
} from '../sys/signal.js';
import { SV_LINUX } from '../sys/sysent.js';
import type { sysent, sysentvec } from '../sys/sysent.js';
import { ksiginfo_init, trapsignal } from '../kern/kern_sig.js';
import { HOLD } from '../kern/kern_synch.js';
import { pmap_pte_value } from '../vm/pmap.js';
import { vm_fault, vm_fault_story } from '../vm/vm_fault.js';
import { vm_map_wire_abandon } from '../vm/vm_map_wire.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_OUT_OF_BOUNDS,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
  VM_FAULT_NORMAL,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../vm/vm_param.js';
import { npxdna, npxtrap_sse, npxtrap_x87 } from './npx.js';
import {
  T_ALIGNFLT,
  T_ARITHTRAP,
  T_BOUND,
  T_BPTFLT,
  T_DIVIDE,
  T_DOUBLEFLT,
  T_OFLOW,
  T_PAGEFLT,
  T_PRIVINFLT,
  T_PROTFLT,
  T_SEGNPFLT,
  T_STKFLT,
  T_TRCTRAP,
  T_TSSFLT,
  T_XMMFLT,
} from './trap_numbers.js';

/** si_code of a protection fault for binaries that expect SIGBUS for it. */
export const BUS_PAGE_FAULT = T_PAGEFLT;
/** Binaries made for a release from here on expect SIGSEGV for protection faults. */
const P_OSREL_SIGSEGV = 700004;

interface trap_signal {
  trapno: number;
  sig: number;
  code: number;
}

/** By vector; #PF and #NM are not here. */
const trap_table: Record<number, trap_signal> = {
  0: { trapno: T_DIVIDE, sig: SIGFPE, code: FPE_INTDIV },
  1: { trapno: T_TRCTRAP, sig: SIGTRAP, code: TRAP_TRACE },
  3: { trapno: T_BPTFLT, sig: SIGTRAP, code: TRAP_BRKPT },
  4: { trapno: T_OFLOW, sig: SIGFPE, code: FPE_INTOVF },
  5: { trapno: T_BOUND, sig: SIGFPE, code: FPE_FLTSUB },
  6: { trapno: T_PRIVINFLT, sig: SIGILL, code: ILL_PRVOPC },
  8: { trapno: T_DOUBLEFLT, sig: SIGBUS, code: BUS_OBJERR },
  10: { trapno: T_TSSFLT, sig: SIGBUS, code: BUS_OBJERR },
  11: { trapno: T_SEGNPFLT, sig: SIGBUS, code: BUS_ADRERR },
  12: { trapno: T_STKFLT, sig: SIGBUS, code: BUS_OBJERR },
  13: { trapno: T_PROTFLT, sig: SIGBUS, code: BUS_OBJERR },
  16: { trapno: T_ARITHTRAP, sig: SIGFPE, code: 0 },
  17: { trapno: T_ALIGNFLT, sig: SIGBUS, code: BUS_ADRALN },
  19: { trapno: T_XMMFLT, sig: SIGFPE, code: 0 },
};

/** A trap of user mode. May sleep (throw SLEEP): the instruction is then executed again. */
export function trap(k: Kernel, td: Thread, exit: Exit): void {
  k.vm.cnt.v_trap++;
  if (exit.vector === 14) {
    trap_pagefault(k, td, exit.cr2 >>> 0, exit.error);
    return;
  }
  if (exit.vector === 7) {
    npxdna(k, td);
    return;
  }
  const { cpu } = k.machine;
  const entry = trap_table[exit.vector] ?? trap_table[13];
  let { code } = entry;
  if (entry.trapno === T_ARITHTRAP || entry.trapno === T_XMMFLT) {
    const code_of = entry.trapno === T_XMMFLT ? npxtrap_sse : npxtrap_x87;
    code = code_of(k, td, (td.td_proc.p_sysent.sv_flags & SV_LINUX) !== 0);
  }
  send(k, td, entry.sig, code, cpu.eip >>> 0, entry.trapno, exit.hasError ? exit.error : 0);
}

function send(
  k: Kernel,
  td: Thread,
  sig: number,
  code: number,
  addr: number,
  trapno: number,
  error: number,
): void {
  const { sv_transtrap } = td.td_proc.p_sysent;
  const ksi = ksiginfo_init(sv_transtrap === null ? sig : sv_transtrap(sig, trapno), code);
  ksi.ksi_addr = addr;
  ksi.ksi_trapno = trapno;
  td.td_trapno = trapno;
  td.td_trap_error = error;
  trapsignal(k, td, ksi);
}

/** The short path of every fault; only failure and listeners cost more. */
function trap_pagefault(k: Kernel, td: Thread, va: number, error: number): void {
  const result = trap_pfault(k, td, va, error);
  if (result === KERN_SUCCESS) return;
  const { sig, code } = trap_pfault_signal(k, td.td_proc, result);
  send(k, td, sig, code, va, T_PAGEFLT, error);
}

/** The signal (FreeBSD's number) and si_code of a page fault that ends with `result`, a KERN_*. */
export function trap_pfault_signal(
  k: Kernel,
  p: Proc,
  result: number,
): { sig: number; code: number } {
  if (result === KERN_OUT_OF_BOUNDS) return { sig: SIGBUS, code: BUS_OBJERR };
  if (result !== KERN_PROTECTION_FAILURE) return { sig: SIGSEGV, code: SEGV_MAPERR };
  const translation = k.kern.prot_fault_translation;
  const modern = (p.p_sysent.sv_flags & SV_LINUX) !== 0 || p.p_osrel >= P_OSREL_SIGSEGV;
  if (translation === 2 || (translation === 0 && modern))
    return { sig: SIGSEGV, code: SEGV_ACCERR };
  return { sig: SIGBUS, code: BUS_PAGE_FAULT };
}

/**
 * Resolves a fault of the current process at `va` with #PF error code `error`, for user mode and
 * for copyin and its kind. @returns KERN_*; sleeps by throwing.
 */
export function trap_pfault(k: Kernel, td: Thread, va: number, error: number): number {
  const vm = td.td_proc.p_vmspace;
  if (vm === null) return KERN_INVALID_ADDRESS;
  const type = error & PF_WRITE ? VM_PROT_WRITE : VM_PROT_READ;
  const page = va - (va & 0xfff);
  if (k.events.mask & EV_FAULT) return traced_fault(k, td, va, error, type);
  if (va >= VM_MAXUSER_ADDRESS) return KERN_INVALID_ADDRESS;
  return vm_fault(k, vm.vm_map, page, type, VM_FAULT_NORMAL);
}

/** The story of a fault that no map is asked about. */
const KERNEL_ADDRESS = { entry: null, outcome: 'failed', visited: [] } as const;

/** The same with the story of the fault told. */
function traced_fault(k: Kernel, td: Thread, va: number, error: number, type: number): number {
  const vm = td.td_proc.p_vmspace;
  if (vm === null) return KERN_INVALID_ADDRESS;
  const page = va - (va & 0xfff);
  const pteBefore = pmap_pte_value(k, vm.vm_pmap, page) >>> 0;
  const is_kernel = va >= VM_MAXUSER_ADDRESS;
  let result = is_kernel ? KERN_INVALID_ADDRESS : -1;
  try {
    if (!is_kernel) result = vm_fault(k, vm.vm_map, page, type, VM_FAULT_NORMAL);
    return result;
  } finally {
    const { entry, outcome, visited } = is_kernel ? KERNEL_ADDRESS : vm_fault_story(k);
    // Those of copyin and its kind end in an errno.
    const signals = result > KERN_SUCCESS && (error & PF_USER) !== 0;
    k.events.emit({
      type: 'fault',
      pid: td.td_proc.p_pid,
      va,
      error,
      eip: k.machine.cpu.eip >>> 0,
      access: error & 0x10 ? 'execute' : error & PF_WRITE ? 'write' : 'read',
      entry,
      objects: [...visited],
      outcome: result === -1 ? 'sleeping' : outcome,
      result,
      signal: signals ? trap_pfault_signal(k, td.td_proc, result).sig : 0,
      pteBefore,
      pteAfter: pmap_pte_value(k, vm.vm_pmap, page) >>> 0,
    });
  }
}

/**
 * A system call. Sleeps by throwing: the caller sets EIP back to the instruction then, and td_sa_code
 * keeps signals from being delivered before it has been executed again.
 */
export function syscall(k: Kernel, td: Thread): void {
  k.vm.cnt.v_syscall++;
  const sv = td.td_proc.p_sysent;
  const again = td.td_sa_code >= 0;
  td.td_retval[0] = 0;
  td.td_retval[1] = k.machine.cpu.getReg(EDX);
  const code = sv.sv_fetch_syscall_args(k, td);
  let error: number;
  if (code < 0) error = -1 - code;
  else {
    td.td_sa_code = code;
    const callp = sv.sv_table[code];
    if (k.events.mask & EV_SYSCALL && !again) {
      syscall_event(k, td, sv, callp, code, 'enter', 0);
      // A debugger looks at the call before it is executed.
      if (k.events.stop) {
        k.vm.cnt.v_syscall--;
        throw HOLD;
      }
    }
    error = callp === undefined ? nosys(k, sv, code) : callp.sy_call(k, td, k.kern.sa_args);
    td.td_sa_code = -1;
    td.td_progress = null;
    if (td.td_wiring !== null) vm_map_wire_abandon(k, td);
    if (k.events.mask & EV_SYSCALL) syscall_event(k, td, sv, callp, code, 'return', error);
  }
  if (error === EJUSTRETURN) return;
  if (error === ERESTART) {
    k.machine.cpu.eip = (k.machine.cpu.eip - 2) | 0;
    return;
  }
  td.td_errno = error;
  sv.sv_set_syscall_retval(k, td, error);
}

/** An unknown call: ENOSYS, and one line that names it. */
function nosys(k: Kernel, sv: sysentvec, code: number): number {
  const key = `${sv.sv_name}:${code}`;
  if (!k.kern.reported_nosys.has(key)) {
    k.kern.reported_nosys.add(key);
    k.host.log(`unknown system call: ${sv.sv_name} ${code} (${sv.sv_call_name(code)})`);
  }
  return ENOSYS;
}

function syscall_event(
  k: Kernel,
  td: Thread,
  sv: sysentvec,
  callp: sysent | undefined,
  code: number,
  op: 'enter' | 'return',
  error: number,
): void {
  const args = Array.from(k.kern.sa_args.subarray(0, callp?.sy_narg ?? 0));
  k.events.emit({
    type: 'syscall',
    op,
    pid: td.td_proc.p_pid,
    abi: sv.sv_name,
    number: code,
    name: callp?.sy_name ?? sv.sv_call_name(code),
    args,
    error: error === EJUSTRETURN ? 0 : error,
    result: td.td_retval[0],
  });
}
