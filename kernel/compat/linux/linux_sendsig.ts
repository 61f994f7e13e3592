// Signal frames of Linux/i386 and the way back (arch/x86/kernel/signal_32.c,
// arch/x86/include/asm/sigframe.h).

import {
  ARITHMETIC_FLAGS,
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
} from '../../../emulator/index.js';
import { sigframe_address } from '../../i386/machdep.js';
import {
  MXCSR_MASK,
  SAVEXMM_BYTES,
  npx_image_mxcsr,
  npxdrop,
  npxgetregs,
  npxsetregs,
  npx_restore,
  npx_restore_sse,
  npx_save,
  npx_save_xmm,
} from '../../i386/npx.js';
import { _ucodesel, _udatasel } from '../../i386/segments.js';
import { copyin, copyout } from '../../i386/support.js';
import {
  T_ALIGNFLT,
  T_ARITHTRAP,
  T_BOUND,
  T_BPTFLT,
  T_DIVIDE,
  T_DNA,
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
} from '../../i386/trap_numbers.js';
import { ksiginfo_init, sigexit } from '../../kern/kern_sig.js';
import { kern_sigprocmask, sigonstack } from '../../kern/kern_sig_calls.js';
import { EJUSTRETURN } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import { TDF_NEEDSIGCHK } from '../../sys/proc.js';
import type { Thread } from '../../sys/proc.js';
import {
  SIGISMEMBER,
  SIGSEGV,
  SIG_CANTMASK,
  SIG_SETMASK,
  SI_KERNEL,
  SS_DISABLE,
} from '../../sys/signal.js';
import type { ksiginfo, sigset_t } from '../../sys/signal.js';
import {
  LINUX_SIGINFO_BYTES,
  bsd_to_linux_sigset,
  linux_put_siginfo,
  linux_to_bsd_sigset,
} from './linux_sigset.js';
import { bsd_to_linux_signal } from './linux_signal_numbers.js';
import { KERNEL_RT_SIGRETURN, KERNEL_SIGRETURN, linux_vdso } from './linux_vdso.js';

/** What gdb takes a signal frame by, left in each: the code of the way back. */
const retcode_of = (rt: boolean): Uint8Array =>
  rt
    ? linux_vdso.subarray(KERNEL_RT_SIGRETURN, KERNEL_RT_SIGRETURN + 7)
    : linux_vdso.subarray(KERNEL_SIGRETURN, KERNEL_SIGRETURN + 8);

// struct sigcontext: 22 words.
const SC_BYTES = 88;
const SC_FPSTATE = 76;
// struct sigframe: pretcode, sig, sigcontext, unused fpstate, extramask, retcode.
const SF_SC = 8;
const SF_EXTRAMASK = 720;
const SF_RETCODE = 724;
const SF_BYTES = 732;
// struct rt_sigframe: pretcode, sig, pinfo, puc, siginfo, ucontext, retcode.
const RT_INFO = 16;
const RT_UC = RT_INFO + LINUX_SIGINFO_BYTES;
const UC_STACK = 8;
const UC_SC = 20;
const UC_SIGMASK = UC_SC + SC_BYTES;
const RT_RETCODE = RT_UC + UC_SIGMASK + 8;
const RT_BYTES = RT_RETCODE + 8;
/** struct _fpstate: the FNSAVE image, status, magic; then the FXSAVE image, aligned to 64. */
const FXSAVE_IMAGE = 112;
const FPSTATE_BYTES = FXSAVE_IMAGE + SAVEXMM_BYTES;
const X86_FXSR_MAGIC = 0;

const LINUX_SS_ONSTACK = 1;
const LINUX_SS_DISABLE = 2;
/** Bits of EFLAGS that sigreturn restores. */
const EFLAGS_USER = ARITHMETIC_FLAGS | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID;

/** Vector of the CPU by FreeBSD's trap number. */
function trap_vector(trapno: number): number {
  switch (trapno) {
    case T_DIVIDE:
      return 0;
    case T_TRCTRAP:
      return 1;
    case T_BPTFLT:
      return 3;
    case T_OFLOW:
      return 4;
    case T_BOUND:
      return 5;
    case T_PRIVINFLT:
      return 6;
    case T_DNA:
      return 7;
    case T_DOUBLEFLT:
      return 8;
    case T_TSSFLT:
      return 10;
    case T_SEGNPFLT:
      return 11;
    case T_STKFLT:
      return 12;
    case T_PROTFLT:
      return 13;
    case T_PAGEFLT:
      return 14;
    case T_ARITHTRAP:
      return 16;
    case T_ALIGNFLT:
      return 17;
    case T_XMMFLT:
      return 19;
    default:
      return 0;
  }
}

function put_sigcontext(
  k: Kernel,
  td: Thread,
  view: DataView,
  offset: number,
  ksi: ksiginfo,
  fpstate: number,
  oldmask: number,
): void {
  const { cpu } = k.machine;
  const words = [
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
    trap_vector(ksi.ksi_trapno),
    ksi.ksi_trapno === 0 ? 0 : td.td_trap_error,
    cpu.eip,
    cpu.segment(CS).selector,
    cpu.eflags,
    cpu.getReg(ESP),
    cpu.segment(SS).selector,
    fpstate,
    oldmask,
    ksi.ksi_trapno === T_PAGEFLT ? ksi.ksi_addr : 0,
  ];
  words.forEach((word, i) => view.setInt32(offset + 4 * i, word | 0, true));
}

function put_stack(k: Kernel, td: Thread, view: DataView, offset: number): void {
  const { ss_flags, ss_size, ss_sp } = td.td_sigstk;
  const on = sigonstack(td, k.machine.cpu.getReg(ESP) >>> 0);
  view.setUint32(offset, ss_sp, true);
  view.setInt32(
    offset + 4,
    ss_flags & SS_DISABLE ? LINUX_SS_DISABLE : on ? LINUX_SS_ONSTACK : 0,
    true,
  );
  view.setUint32(offset + 8, ss_size, true);
}

/** Pushes a frame and enters the handler: sigframe, or rt_sigframe for SA_SIGINFO. */
export function linux_sendsig(
  k: Kernel,
  td: Thread,
  catcher: number,
  ksi: ksiginfo,
  mask: sigset_t,
): void {
  const { cpu } = k.machine;
  const p = td.td_proc;
  const ps = p.p_sigacts;
  const bsd_sig = ksi.ksi_signo;
  const sig = bsd_to_linux_signal(bsd_sig);
  const rt = SIGISMEMBER(ps.ps_siginfo, bsd_sig);
  const bytes = rt ? RT_BYTES : SF_BYTES;
  // The x87 and SSE state lies above the frame.
  const fxsave = sigframe_address(k, td, bsd_sig, SAVEXMM_BYTES, 0) & ~63;
  const fpstate = fxsave - FXSAVE_IMAGE;
  const sp = (((fpstate - bytes + 4) & ~15) - 4) >>> 0;
  const frame = new Uint8Array((fpstate >>> 0) + FPSTATE_BYTES - sp);
  const view = new DataView(frame.buffer);
  npxgetregs(k, td);
  const fp_at = (fpstate >>> 0) - sp;
  npx_save(td.td_frame, view, fp_at);
  view.setUint16(fp_at + 108, view.getUint16(fp_at + 4, true), true);
  view.setUint16(fp_at + 110, X86_FXSR_MAGIC, true);
  npx_save_xmm(td.td_frame, view, fp_at + FXSAVE_IMAGE);

  const [low, high] = bsd_to_linux_sigset(mask);
  const restorer = ps.ps_restorer[bsd_sig];
  const trampoline = p.p_sigcode + (rt ? KERNEL_RT_SIGRETURN : KERNEL_SIGRETURN);
  view.setInt32(0, (restorer === 0 ? trampoline : restorer) | 0, true);
  view.setInt32(4, sig, true);
  frame.set(retcode_of(rt), rt ? RT_RETCODE : SF_RETCODE);
  if (rt) {
    view.setInt32(8, (sp + RT_INFO) | 0, true);
    view.setInt32(12, (sp + RT_UC) | 0, true);
    linux_put_siginfo(view, RT_INFO, ksi);
    put_stack(k, td, view, RT_UC + UC_STACK);
    put_sigcontext(k, td, view, RT_UC + UC_SC, ksi, fpstate, low);
    view.setInt32(RT_UC + UC_SIGMASK, low, true);
    view.setInt32(RT_UC + UC_SIGMASK + 4, high, true);
  } else {
    put_sigcontext(k, td, view, SF_SC, ksi, fpstate, low);
    view.setInt32(SF_EXTRAMASK, high, true);
  }
  if (copyout(k, frame, sp) !== 0) sigexit(k, td, SIGSEGV, ksiginfo_init(SIGSEGV, SI_KERNEL));

  npxdrop(k, td);
  cpu.eflags = cpu.eflags & ~(FLAG_TF | FLAG_DF | FLAG_RF);
  cpu.setReg(EAX, sig);
  cpu.setReg(EDX, rt ? (sp + RT_INFO) | 0 : 0);
  cpu.setReg(ECX, rt ? (sp + RT_UC) | 0 : 0);
  cpu.setReg(ESP, sp | 0);
  cpu.eip = catcher | 0;
  cpu.setSegment(CS, _ucodesel);
  for (const seg of [DS, ES, SS]) cpu.setSegment(seg, _udatasel);
  td.td_trapno = td.td_trap_error = 0;
}

/** Loads a sigcontext into the CPU. @returns false when its x87 and SSE state cannot be read or has a reserved bit of MXCSR set. */
function restore_sigcontext(k: Kernel, td: Thread, view: DataView, offset: number): boolean {
  const { cpu } = k.machine;
  const word = (i: number): number => view.getInt32(offset + 4 * i, true);
  const fpstate = view.getUint32(offset + SC_FPSTATE, true);
  if (fpstate === 0) npxdrop(k, td);
  else {
    const saved = new Uint8Array(FPSTATE_BYTES);
    if (copyin(k, fpstate, saved) !== 0) return false;
    const saved_view = new DataView(saved.buffer);
    if (npx_image_mxcsr(saved_view, FXSAVE_IMAGE) & ~MXCSR_MASK) return false;
    npx_restore(td.td_frame, saved_view, 0);
    npx_restore_sse(td.td_frame, saved_view, FXSAVE_IMAGE);
    npxsetregs(k, td);
  }
  cpu.setReg(EDI, word(4));
  cpu.setReg(ESI, word(5));
  cpu.setReg(EBP, word(6));
  cpu.setReg(ESP, word(7));
  cpu.setReg(EBX, word(8));
  cpu.setReg(EDX, word(9));
  cpu.setReg(ECX, word(10));
  cpu.setReg(EAX, word(11));
  cpu.eip = word(14);
  cpu.eflags = (cpu.eflags & ~EFLAGS_USER) | (word(16) & EFLAGS_USER) | 2 | FLAG_IF;
  if (!cpu.setSegment(CS, (word(15) & 0xffff) | 3)) cpu.setSegment(CS, _ucodesel);
  if (!cpu.setSegment(SS, (word(18) & 0xffff) | 3)) cpu.setSegment(SS, _udatasel);
  cpu.setSegment(GS, word(0) & 0xffff);
  cpu.setSegment(FS, word(1) & 0xffff);
  cpu.setSegment(ES, word(2) & 0xffff);
  cpu.setSegment(DS, word(3) & 0xffff);
  return true;
}

function bad_frame(k: Kernel, td: Thread): never {
  return sigexit(k, td, SIGSEGV, ksiginfo_init(SIGSEGV, SI_KERNEL));
}

function set_mask(td: Thread, low: number, high: number): void {
  const mask = linux_to_bsd_sigset(low, high);
  SIG_CANTMASK(mask);
  kern_sigprocmask(td, SIG_SETMASK, mask, null);
  td.td_flags |= TDF_NEEDSIGCHK;
}

/** sigreturn: the trampoline has popped the return address and the signal number. */
export function linux_sigreturn(k: Kernel, td: Thread): number {
  const frame = new Uint8Array(SF_BYTES);
  if (copyin(k, ((k.machine.cpu.getReg(ESP) >>> 0) - 8) >>> 0, frame) !== 0) bad_frame(k, td);
  const view = new DataView(frame.buffer);
  if (!restore_sigcontext(k, td, view, SF_SC)) bad_frame(k, td);
  set_mask(td, view.getInt32(SF_SC + 80, true), view.getInt32(SF_EXTRAMASK, true));
  return EJUSTRETURN;
}

export function linux_rt_sigreturn(k: Kernel, td: Thread): number {
  const frame = new Uint8Array(RT_BYTES);
  if (copyin(k, ((k.machine.cpu.getReg(ESP) >>> 0) - 4) >>> 0, frame) !== 0) bad_frame(k, td);
  const view = new DataView(frame.buffer);
  if (!restore_sigcontext(k, td, view, RT_UC + UC_SC)) bad_frame(k, td);
  set_mask(
    td,
    view.getInt32(RT_UC + UC_SIGMASK, true),
    view.getInt32(RT_UC + UC_SIGMASK + 4, true),
  );
  const flags = view.getInt32(RT_UC + UC_STACK + 4, true);
  if ((flags & LINUX_SS_ONSTACK) === 0) {
    const ss_sp = view.getUint32(RT_UC + UC_STACK, true);
    const ss_size = view.getUint32(RT_UC + UC_STACK + 8, true);
    td.td_sigstk =
      flags & LINUX_SS_DISABLE
        ? { ss_sp: 0, ss_size: 0, ss_flags: SS_DISABLE }
        : { ss_sp, ss_size, ss_flags: 0 };
  }
  return EJUSTRETURN;
}
