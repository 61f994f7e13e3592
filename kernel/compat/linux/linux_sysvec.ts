// The Linux/i386 ABI: how calls are entered, the stack a program starts with, its sysentvec
// (fs/binfmt_elf.c create_elf_tables, arch/x86/entry of Linux; i386/linux/linux_sysvec.c of FreeBSD).

import { CPU_FEATURES, EAX, EBP, EBX, ECX, EDI, EDX, ESI } from '../../../emulator/index.js';
import { exec_setregs } from '../../i386/machdep.js';
import { FNINIT_CW } from '../../i386/npx.js';
import { bytes_of, copyout } from '../../i386/support.js';
import { T_BOUND, T_DOUBLEFLT, T_OFLOW, T_PROTFLT, T_TSSFLT } from '../../i386/trap_numbers.js';
import { ENOSYS } from '../../sys/errno.js';
import type { image_params } from '../../sys/imgact.js';
import type { Kernel } from '../../sys/kernel.js';
import { P_SUGID } from '../../sys/proc.js';
import type { Thread } from '../../sys/proc.js';
import { SHAREDPAGE, USRSTACK } from '../../sys/param.js';
import { SIGSEGV } from '../../sys/signal.js';
import { SV_LINUX } from '../../sys/sysent.js';
import type { sysent, sysentvec } from '../../sys/sysent.js';
import { bsd_to_linux_errno } from './linux_errno.js';
import { bsd_to_linux_signal, linux_sig_next } from './linux_signal_numbers.js';
import { linux_sendsig } from './linux_sendsig.js';
import { linux_exec_emuldata, linux_mount_shm } from './linux_emul.js';
import { linux_syscall_names } from './linux_syscall_names.js';
import { KERNEL_VSYSCALL, LINUX_VDSO_BASE, linux_vdso } from './linux_vdso.js';
import { linux_schedtail, linux_thread_exit } from './linux_threads.js';

const AT_NULL = 0;
const AT_UID = 11;
const AT_EUID = 12;
const AT_GID = 13;
const AT_EGID = 14;
const AT_PLATFORM = 15;
const AT_HWCAP = 16;
const AT_CLKTCK = 17;
const AT_SECURE = 23;
const AT_RANDOM = 25;
const AT_HWCAP2 = 26;
const AT_EXECFN = 31;
const AT_SYSINFO = 32;
const AT_SYSINFO_EHDR = 33;

const USER_HZ = 100;
const RANDOM_BYTES = 16;

/** Number in EAX, arguments in EBX, ECX, EDX, ESI, EDI, EBP. */
function fetch_syscall_args(k: Kernel): number {
  const { cpu } = k.machine;
  const args = k.kern.sa_args;
  args[0] = cpu.getReg(EBX);
  args[1] = cpu.getReg(ECX);
  args[2] = cpu.getReg(EDX);
  args[3] = cpu.getReg(ESI);
  args[4] = cpu.getReg(EDI);
  args[5] = cpu.getReg(EBP);
  const code = cpu.getReg(EAX);
  return code < 0 || code > 0xffff ? -1 - ENOSYS : code;
}

/** The result or a negative errno in EAX; nothing else changes. */
function set_syscall_retval(k: Kernel, td: Thread, error: number): void {
  k.machine.cpu.setReg(EAX, error === 0 ? td.td_retval[0] : -bsd_to_linux_errno(error));
}

/**
 * The stack of a new image, from the top: a zero word, path, environment, arguments, platform name,
 * random bytes; then auxv, environment and argument pointers, argc.
 * @returns the stack pointer, or -1 when it does not fit.
 */
function fixup(k: Kernel, td: Thread, imgp: image_params): number {
  const { argv, envv, fname } = imgp.args;
  const cred = td.td_proc.p_ucred;
  let at = USRSTACK - 4;
  let failed = copyout(k, new Uint8Array(4), at) !== 0;
  const put = (bytes: Uint8Array): number => {
    at -= bytes.length;
    if (copyout(k, bytes, at) !== 0) failed = true;
    return at;
  };
  const execfn = put(bytes_of(`${fname}\0`));
  const strings = put(bytes_of([...argv, ...envv].map((s) => `${s}\0`).join('')));
  imgp.arg_start = strings;
  const platform = put(bytes_of('i686\0'));
  const random = new Uint8Array(RANDOM_BYTES);
  k.host.entropy(random);
  at -= at % 16;
  const random_at = put(random);
  const aux: [number, number][] = [
    [AT_SYSINFO, SHAREDPAGE + LINUX_VDSO_BASE + KERNEL_VSYSCALL],
    [AT_SYSINFO_EHDR, SHAREDPAGE + LINUX_VDSO_BASE],
    [AT_HWCAP, CPU_FEATURES],
    [AT_CLKTCK, USER_HZ],
    ...imgp.auxargs,
    [AT_UID, cred.cr_ruid],
    [AT_EUID, cred.cr_uid],
    [AT_GID, cred.cr_rgid],
    [AT_EGID, cred.cr_groups[0]],
    [AT_SECURE, td.td_proc.p_flag & P_SUGID ? 1 : 0],
    [AT_RANDOM, random_at],
    [AT_HWCAP2, 0],
    [AT_EXECFN, execfn],
    [AT_PLATFORM, platform],
    [AT_NULL, 0],
  ];
  const words: number[] = [argv.length];
  let string = strings;
  const list = (items: readonly string[]): void => {
    for (const item of items) {
      words.push(string);
      string += item.length + 1;
    }
    words.push(0);
  };
  list(argv);
  imgp.env_start = string;
  list(envv);
  for (const [type, value] of aux) words.push(type, value);
  at -= words.length * 4;
  at -= at % 16;
  if (failed) return -1;
  const bytes = new Uint8Array(Int32Array.from(words, (w) => w | 0).buffer);
  return copyout(k, bytes, at) === 0 ? at : -1;
}

/** Faults that are SIGBUS on FreeBSD and SIGSEGV on Linux. */
function transtrap(sig: number, trapno: number): number {
  switch (trapno) {
    case T_PROTFLT:
    case T_TSSFLT:
    case T_BOUND:
    case T_OFLOW:
    case T_DOUBLEFLT:
      return SIGSEGV;
    default:
      return sig;
  }
}

/** Filled by linux_sysent_init(). */
const table: (sysent | undefined)[] = [];

export const elf_linux_sysvec: sysentvec = {
  sv_name: 'linux',
  sv_table: table,
  sv_errtbl: bsd_to_linux_errno,
  sv_sigtbl: bsd_to_linux_signal,
  sv_sig_next: linux_sig_next,
  sv_call_name: (code) => linux_syscall_names[code] || `#${code}`,
  sv_fetch_syscall_args: fetch_syscall_args,
  sv_set_syscall_retval: set_syscall_retval,
  sv_sendsig: linux_sendsig,
  sv_fixup: fixup,
  sv_setregs: (k, td, imgp, stack) => {
    // Without PT_GNU_STACK (elf_read_implies_exec of arch/x86).
    linux_exec_emuldata(td, imgp.stack_prot === 0);
    linux_mount_shm(k);
    exec_setregs(k, td, imgp, stack | 0, 0, FNINIT_CW, 0);
  },
  sv_schedtail: linux_schedtail,
  sv_thread_exit: linux_thread_exit,
  sv_sigcode: linux_vdso,
  sv_sigcode_base: LINUX_VDSO_BASE,
  sv_usrstack: USRSTACK,
  sv_syscall_vector: 0x80,
  sv_transtrap: transtrap,
  sv_flags: SV_LINUX,
};
