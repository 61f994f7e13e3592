// Signal frames, machine contexts and new images of FreeBSD/i386 (i386/machdep.c).

import {
  CS,
  DS,
  EAX,
  EBP,
  EBX,
  ECX,
  EDI,
  EDX,
  ES,
  ESI,
  ESP,
  FLAG_AC,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FS,
  GS,
  SS,
  ARITHMETIC_FLAGS,
} from '../../emulator/index.js';
import { EFAULT, EINVAL, EJUSTRETURN } from '../sys/errno.js';
import type { image_params } from '../sys/imgact.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import {
  BUS_OBJERR,
  SIGBUS,
  SIGILL,
  SIGISMEMBER,
  SIG_CANTMASK,
  SS_DISABLE,
  SS_ONSTACK,
} from '../sys/signal.js';
import type { ksiginfo, sigset_t } from '../sys/signal.js';
import { TDF_NEEDSIGCHK } from '../sys/proc.js';
import { ksiginfo_init, sigexit, trapsignal } from '../kern/kern_sig.js';
import { kern_sigprocmask, put_siginfo, sigonstack } from '../kern/kern_sig_calls.js';
import { SIG_SETMASK } from '../sys/signal.js';
import { npxdrop, npxgetregs, npxinit, npxsetregs, npx_restore_xmm, npx_save_xmm } from './npx.js';
import { _ucodesel, _udatasel, segments_switch } from './segments.js';
import { copyin, copyout } from './support.js';
import { T_PROTFLT } from './trap_numbers.js';

// struct ucontext: sigmask, mcontext, link, stack, flags, spare; aligned to 16.
const UC_MCONTEXT = 16;
const UC_LINK = 656;
const UC_STACK = 660;
/** What getcontext writes and setcontext reads: the rest is the program's (UC_COPY_SIZE). */
const UC_COPY_SIZE = UC_LINK;
export const UCONTEXT_BYTES = 704;
const MC_BYTES = 640;
const MC_FPSTATE = UC_MCONTEXT + 96;
const MC_OWNEDFP = UC_MCONTEXT + 88;
const _MC_FPFMT_NODEV = 0x10000;
const _MC_FPFMT_387 = 0x10001;
const _MC_FPFMT_XMM = 0x10002;
const _MC_FPOWNED_NONE = 0x20000;
const _MC_FPOWNED_FPU = 0x20001;
const _MC_FPOWNED_PCB = 0x20002;
const SEL_UPL = 3;

// struct sigframe: five words, then the ucontext and the siginfo.
const SF_UC = 32;
const SF_SI = SF_UC + UCONTEXT_BYTES;
const SIGFRAME_BYTES = SF_SI + 64;
/** Left free below the stack pointer, for code that uses it without moving the pointer. */
const REDZONE_BYTES = 128;

/** Bits of EFLAGS that a user may change. */
const PSL_USERCHANGE = ARITHMETIC_FLAGS | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID;
const PSL_USER = 2 | FLAG_IF;

/**
 * The trampoline: calls the handler with the frame's words as arguments, then sigreturn(ucontext).
 */
export const sigcode = new Uint8Array([
  0xff, 0x54, 0x24, 0x10, // call *16(%esp)
  0x8d, 0x44, 0x24, SF_UC, // lea SF_UC(%esp),%eax
  0x50, // push %eax
  0xb8, 0xa1, 0x01, 0x00, 0x00, // mov $417,%eax
  0x50, // push %eax: where a return address would be
  0xcd, 0x80, // int $0x80
  0xeb, 0xfe, // jmp .
]); // prettier-ignore

/** Registers by their word in mcontext, from mc_gs on. */
function put_registers(k: Kernel, td: Thread, view: DataView): void {
  const { cpu } = k.machine;
  const words = [
    sigonstack(td, cpu.getReg(ESP) >>> 0) ? 1 : 0,
    cpu.segment(GS).selector,
    cpu.segment(FS).selector,
    cpu.segment(ES).selector,
    cpu.segment(DS).selector,
    cpu.getReg(EDI),
    cpu.getReg(ESI),
    cpu.getReg(EBP),
    cpu.getReg(ESP),
    cpu.getReg(EBX),
    cpu.getReg(EDX),
    cpu.getReg(ECX),
    cpu.getReg(EAX),
    td.td_trapno,
    td.td_trap_error,
    cpu.eip,
    cpu.segment(CS).selector,
    cpu.eflags,
    cpu.getReg(ESP),
    cpu.segment(SS).selector,
    MC_BYTES,
    _MC_FPFMT_XMM,
    _MC_FPOWNED_PCB,
    0,
  ];
  words.forEach((word, i) => view.setInt32(UC_MCONTEXT + 4 * i, word, true));
  view.setUint32(UC_MCONTEXT + 608, td.td_fsbase, true);
  view.setUint32(UC_MCONTEXT + 612, td.td_gsbase, true);
}

/** The ucontext of the running thread at `offset` of `bytes`. */
function put_ucontext(
  k: Kernel,
  td: Thread,
  bytes: Uint8Array,
  offset: number,
  mask: sigset_t,
): void {
  const view = new DataView(bytes.buffer, offset, UCONTEXT_BYTES);
  for (let i = 0; i < 4; i++) view.setInt32(4 * i, mask[i], true);
  put_registers(k, td, view);
  if (npxgetregs(k, td)) view.setInt32(MC_OWNEDFP, _MC_FPOWNED_FPU, true);
  npx_save_xmm(td.td_frame, view, MC_FPSTATE);
  const { ss_flags, ss_size, ss_sp } = td.td_sigstk;
  const onstack = sigonstack(td, k.machine.cpu.getReg(ESP) >>> 0);
  view.setUint32(UC_LINK, 0, true);
  view.setUint32(UC_STACK, ss_sp, true);
  view.setUint32(UC_STACK + 4, ss_size, true);
  const flags = ss_flags & SS_DISABLE ? SS_DISABLE : onstack ? SS_ONSTACK : 0;
  view.setInt32(UC_STACK + 8, flags, true);
}

/** Where a signal frame of `bytes` goes: on the alternate stack if the action asks for it. */
export function sigframe_address(
  k: Kernel,
  td: Thread,
  sig: number,
  bytes: number,
  redzone: number,
): number {
  const esp = k.machine.cpu.getReg(ESP) >>> 0;
  const { ss_flags, ss_size, ss_sp } = td.td_sigstk;
  const wanted = SIGISMEMBER(td.td_proc.p_sigacts.ps_sigonstack, sig);
  const top =
    wanted && (ss_flags & SS_DISABLE) === 0 && !sigonstack(td, esp)
      ? ss_sp + ss_size
      : esp - redzone;
  return top - bytes;
}

/** Pushes FreeBSD's signal frame and enters the handler through the trampoline. */
export function sendsig(
  k: Kernel,
  td: Thread,
  catcher: number,
  ksi: ksiginfo,
  mask: sigset_t,
): void {
  const { cpu } = k.machine;
  const p = td.td_proc;
  const sig = ksi.ksi_signo;
  const sfp = sigframe_address(k, td, sig, SIGFRAME_BYTES, REDZONE_BYTES) & ~15;
  const frame = new Uint8Array(SIGFRAME_BYTES);
  const view = new DataView(frame.buffer);
  const siginfo = SIGISMEMBER(p.p_sigacts.ps_siginfo, sig);
  view.setInt32(0, sig, true);
  view.setInt32(4, siginfo ? (sfp + SF_SI) | 0 : ksi.ksi_code, true);
  view.setInt32(8, (sfp + SF_UC) | 0, true);
  if (siginfo) put_siginfo(view, SF_SI, ksi);
  else view.setUint32(12, ksi.ksi_addr, true);
  view.setUint32(16, catcher, true);
  put_ucontext(k, td, frame, SF_UC, mask);
  if (copyout(k, frame, sfp >>> 0) !== 0) {
    // No room for the frame: nothing can be handled any more.
    sigexit(k, td, SIGILL, ksi);
  }
  npxdrop(k, td);
  cpu.eflags = cpu.eflags & ~(FLAG_TF | FLAG_DF);
  cpu.setReg(ESP, sfp);
  cpu.eip = p.p_sigcode | 0;
  cpu.setSegment(CS, _ucodesel);
  for (const seg of [DS, ES, FS, SS]) cpu.setSegment(seg, _udatasel);
  td.td_trapno = td.td_trap_error = 0;
}

const CF = 1;

/** Word of the mcontext: 0 is mc_onstack. */
function mc_word(view: DataView, i: number): number {
  return view.getInt32(UC_MCONTEXT + 4 * i, true);
}

/**
 * Takes the x87 and SSE state of a mcontext (set_fpcontext): an FXSAVE image, whatever format it
 * names. @returns 0 or EINVAL.
 */
function set_fpcontext(k: Kernel, td: Thread, view: DataView): number {
  const format = mc_word(view, 21);
  const owned = mc_word(view, 22);
  if (format === _MC_FPFMT_NODEV) return 0;
  if (format !== _MC_FPFMT_387 && format !== _MC_FPFMT_XMM) return EINVAL;
  if (owned !== _MC_FPOWNED_NONE && owned !== _MC_FPOWNED_FPU && owned !== _MC_FPOWNED_PCB)
    return EINVAL;
  if (owned === _MC_FPOWNED_NONE) npxdrop(k, td);
  else {
    npx_restore_xmm(td.td_frame, view, MC_FPSTATE);
    npxsetregs(k, td);
  }
  return 0;
}

/** Registers of a mcontext but segments and flags. */
function set_registers(k: Kernel, view: DataView): void {
  const { cpu } = k.machine;
  cpu.setReg(EDI, mc_word(view, 5));
  cpu.setReg(ESI, mc_word(view, 6));
  cpu.setReg(EBP, mc_word(view, 7));
  cpu.setReg(EBX, mc_word(view, 9));
  cpu.setReg(EDX, mc_word(view, 10));
  cpu.setReg(ECX, mc_word(view, 11));
  cpu.setReg(EAX, mc_word(view, 12));
  cpu.eip = mc_word(view, 15);
  cpu.setReg(ESP, mc_word(view, 18));
}

/** A selector that is no good is a null selector afterwards, as the return to user mode makes it. */
function set_segments(k: Kernel, view: DataView): void {
  const { cpu } = k.machine;
  cpu.setSegment(FS, mc_word(view, 2) & 0xffff);
  cpu.setSegment(ES, mc_word(view, 3) & 0xffff);
  cpu.setSegment(DS, mc_word(view, 4) & 0xffff);
  if (!cpu.setSegment(SS, mc_word(view, 19) & 0xffff)) cpu.setSegment(SS, _udatasel);
}

function set_sigmask(td: Thread, view: DataView): void {
  const mask = Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at, true));
  SIG_CANTMASK(mask);
  kern_sigprocmask(td, SIG_SETMASK, mask, null);
  td.td_flags |= TDF_NEEDSIGCHK;
}

/** Flags that say what else a mcontext holds. */
const MC_FLAGS = 23;
const _MC_FLAG_MASK = 0x7;

/**
 * sigreturn(ucontext): back to where the signal came. EINVAL when the flags are none a user may set
 * or the code segment is not a user's (SIGBUS besides); %gs stays as it is.
 */
export function sys_sigreturn(k: Kernel, td: Thread, a: Int32Array): number {
  const { cpu } = k.machine;
  const bytes = new Uint8Array(UCONTEXT_BYTES);
  if (copyin(k, a[0], bytes) !== 0) return EFAULT;
  const view = new DataView(bytes.buffer);
  const eflags = mc_word(view, 17);
  const cs = mc_word(view, 16);
  if (mc_word(view, MC_FLAGS) & ~_MC_FLAG_MASK) return EINVAL;
  if ((eflags ^ cpu.eflags) & ~PSL_USERCHANGE) return EINVAL;
  if ((cs & SEL_UPL) !== SEL_UPL) {
    const ksi = ksiginfo_init(SIGBUS, BUS_OBJERR);
    ksi.ksi_trapno = T_PROTFLT;
    ksi.ksi_addr = cpu.eip >>> 0;
    trapsignal(k, td, ksi);
    return EINVAL;
  }
  const error = set_fpcontext(k, td, view);
  if (error !== 0) return error;
  set_registers(k, view);
  cpu.eflags = (eflags & PSL_USERCHANGE) | PSL_USER;
  if (!cpu.setSegment(CS, cs & 0xffff)) cpu.setSegment(CS, _ucodesel);
  set_segments(k, view);
  set_sigmask(td, view);
  return EJUSTRETURN;
}

/**
 * getcontext(ucontext): registers as the call will have returned, with 0 in EAX and EDX and no carry.
 * Link and stack of the ucontext are the program's: they stay.
 */
export function sys_getcontext(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[0] === 0) return EINVAL;
  const bytes = new Uint8Array(UCONTEXT_BYTES);
  put_ucontext(k, td, bytes, 0, td.td_sigmask);
  const view = new DataView(bytes.buffer);
  view.setInt32(UC_MCONTEXT + 4 * 12, 0, true);
  view.setInt32(UC_MCONTEXT + 4 * 10, 0, true);
  view.setInt32(UC_MCONTEXT + 4 * 17, k.machine.cpu.eflags & ~CF, true);
  return copyout(k, bytes.subarray(0, UC_COPY_SIZE), a[0]);
}

/** Loads the first part of a ucontext; flags that are not a user's and the code segment stay. */
function load_ucontext(k: Kernel, td: Thread, bytes: Uint8Array): number {
  const { cpu } = k.machine;
  const view = new DataView(bytes.buffer);
  if (mc_word(view, 20) !== MC_BYTES || mc_word(view, MC_FLAGS) & ~_MC_FLAG_MASK) return EINVAL;
  const error = set_fpcontext(k, td, view);
  if (error !== 0) return error;
  set_registers(k, view);
  cpu.eflags = (mc_word(view, 17) & PSL_USERCHANGE) | (cpu.eflags & ~PSL_USERCHANGE);
  cpu.setSegment(GS, mc_word(view, 1) & 0xffff);
  set_segments(k, view);
  set_sigmask(td, view);
  return EJUSTRETURN;
}

export function sys_setcontext(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[0] === 0) return EINVAL;
  const bytes = new Uint8Array(UC_COPY_SIZE);
  return copyin(k, a[0], bytes) === 0 ? load_ucontext(k, td, bytes) : EFAULT;
}

export function sys_swapcontext(k: Kernel, td: Thread, a: Int32Array): number {
  const [save, load] = a;
  if (save === 0 || load === 0) return EINVAL;
  const error = sys_getcontext(k, td, a);
  if (error !== 0) return error;
  const bytes = new Uint8Array(UC_COPY_SIZE);
  return copyin(k, load, bytes) === 0 ? load_ucontext(k, td, bytes) : EFAULT;
}

/** What belongs to the old image: segment bases and TLS go. */
export function cpu_exec(k: Kernel, td: Thread): void {
  td.td_fsbase = 0;
  td.td_gsbase = 0;
  td.td_tls.fill(0);
  k.kern.gdt_tls_owner = null;
  td.td_proc.p_ldt = null;
  segments_switch(k, td);
}

/**
 * Registers at the start of an image: all zero but those given (exec_setregs).
 * @param control x87 control word; @param fsgs selector in %fs and %gs
 */
export function exec_setregs(
  k: Kernel,
  td: Thread,
  imgp: image_params,
  stack: number,
  ebx: number,
  control: number,
  fsgs: number,
): void {
  const { cpu } = k.machine;
  npxinit(k, td, control);
  for (let reg = 0; reg < 8; reg++) cpu.setReg(reg, 0);
  cpu.setReg(EBX, ebx);
  cpu.setReg(ESP, stack);
  cpu.eip = imgp.entry_addr | 0;
  cpu.setSegment(CS, _ucodesel);
  for (const seg of [SS, DS, ES]) cpu.setSegment(seg, _udatasel);
  for (const seg of [FS, GS]) cpu.setSegment(seg, fsgs);
  cpu.eflags = PSL_USER;
}
