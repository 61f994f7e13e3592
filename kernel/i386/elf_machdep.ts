// The native ABI, FreeBSD/i386: how calls are entered, the stack a program starts with, its
// sysentvec (i386/elf_machdep.c, kern_exec.c exec_copyout_strings, imgact_elf.c elf_freebsd_fixup).

import { EAX, EDX, ESP, FLAG_CF } from '../../emulator/index.js';
import { EFAULT, ENOSYS } from '../sys/errno.js';
import type { image_params } from '../sys/imgact.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE, USRSTACK } from '../sys/param.js';
import type { Thread } from '../sys/proc.js';
import type { sysent, sysentvec } from '../sys/sysent.js';
import { VM_PROT_ALL } from '../vm/vm_param.js';
import { freebsd_syscall_names } from '../kern/syscall_names.js';
import { exec_setregs, sendsig, sigcode } from './machdep.js';
import { __INITIAL_NPXCW__ } from './npx.js';
import { _udatasel } from './segments.js';
import { copyout, fuwords } from './support.js';

/** What this kernel says it is: FreeBSD 11.0. */
export const __FreeBSD_version = 1100122;

const AT_NULL = 0;
const AT_EXECPATH = 15;
const AT_CANARY = 16;
const AT_CANARYLEN = 17;
const AT_OSRELDATE = 18;
const AT_NCPUS = 19;
const AT_PAGESIZES = 20;
const AT_PAGESIZESLEN = 21;
const AT_STACKPROT = 23;
/** Entries that fixup adds to what the image activator gives. */
const AUX_COUNT = 9;
const CANARY_BYTES = 64;
const PS_STRINGS_BYTES = 16;
const SYS_syscall = 0;
const SYS___syscall = 198;

/**
 * The number is in EAX, arguments are on the stack above a return address; syscall(2) and
 * __syscall(2) have the number as their first argument.
 */
function fetch_syscall_args(k: Kernel, td: Thread): number {
  const { cpu } = k.machine;
  let code = cpu.getReg(EAX);
  let params = (cpu.getReg(ESP) + 4) | 0;
  const args = k.kern.sa_args;
  if (code === SYS_syscall || code === SYS___syscall) {
    if (fuwords(k, params, args, 1) !== 0) return -1 - EFAULT;
    params = (params + (code === SYS_syscall ? 4 : 8)) | 0;
    code = args[0];
  }
  if (code < 0 || code > 0xffff) return -1 - ENOSYS;
  const callp = td.td_proc.p_sysent.sv_table[code];
  if (callp === undefined || callp.sy_narg === 0) return code;
  return fuwords(k, params, args, callp.sy_narg) === 0 ? code : -1 - EFAULT;
}

/** Results in EAX and EDX with carry clear; an error in EAX with carry set. */
function set_syscall_retval(k: Kernel, td: Thread, error: number): void {
  const { cpu } = k.machine;
  const { eflags } = cpu;
  if (error === 0) {
    cpu.setReg(EAX, td.td_retval[0]);
    cpu.setReg(EDX, td.td_retval[1]);
    if (eflags & FLAG_CF) cpu.eflags = eflags & ~FLAG_CF;
    return;
  }
  cpu.setReg(EAX, error);
  if ((eflags & FLAG_CF) === 0) cpu.eflags = eflags | FLAG_CF;
}

/**
 * The stack of a new image, from the top: ps_strings, path of the executable, canary, page sizes,
 * strings, then auxv, environment, arguments and argc.
 * @returns the stack pointer, or -1 when it does not fit.
 */
function fixup(k: Kernel, _td: Thread, imgp: image_params): number {
  const { argv, envv } = imgp.args;
  let text = '';
  for (const item of argv) text += `${item}\0`;
  const env_offset = text.length;
  for (const item of envv) text += `${item}\0`;
  const ps_strings = USRSTACK - PS_STRINGS_BYTES;
  const execpath = (ps_strings - imgp.execpath.length - 1) & ~3;
  const canary = execpath - CANARY_BYTES;
  const pagesizes = canary - 8;
  const strings = (pagesizes - text.length) & ~3;
  const aux_words = 2 * (imgp.auxargs.length + AUX_COUNT);
  const words = 1 + argv.length + 1 + envv.length + 1 + aux_words;
  const stack = (strings - words * 4) & ~15;
  // One buffer for all of it: what is copied at once faults once.
  const bytes = new Uint8Array((USRSTACK - stack) | 0);
  const word = new Int32Array(bytes.buffer);
  const at = (address: number): number => (address - stack) | 0;
  put_text(bytes, at(execpath), imgp.execpath);
  k.host.entropy(bytes.subarray(at(canary), at(canary) + CANARY_BYTES));
  word[at(pagesizes) >> 2] = PAGE_SIZE;
  put_text(bytes, at(strings), text);

  let w = 0;
  let string = strings;
  word[w++] = argv.length;
  for (const item of argv) {
    word[w++] = string;
    string += item.length + 1;
  }
  w++;
  const env_at = stack + 4 * w;
  for (const item of envv) {
    word[w++] = string;
    string += item.length + 1;
  }
  w++;
  const aux = (type: number, value: number): void => {
    word[w++] = type;
    word[w++] = value;
  };
  for (const [type, value] of imgp.auxargs) aux(type, value);
  aux(AT_EXECPATH, execpath);
  aux(AT_OSRELDATE, __FreeBSD_version);
  aux(AT_CANARY, canary);
  aux(AT_CANARYLEN, CANARY_BYTES);
  aux(AT_NCPUS, 1);
  aux(AT_PAGESIZES, pagesizes);
  aux(AT_PAGESIZESLEN, 4);
  aux(AT_STACKPROT, imgp.stack_prot || VM_PROT_ALL);
  aux(AT_NULL, 0);
  word.set([stack + 4, argv.length, env_at, envv.length], at(ps_strings) >> 2);
  imgp.ps_strings = ps_strings;
  imgp.arg_start = strings >>> 0;
  imgp.env_start = (strings + env_offset) >>> 0;
  return copyout(k, bytes, stack >>> 0) === 0 ? stack >>> 0 : -1;
}

function put_text(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}

/** Filled by init_sysent.ts. */
const table: (sysent | undefined)[] = [];

export const elf32_freebsd_sysvec: sysentvec = {
  sv_name: 'freebsd',
  sv_table: table,
  sv_errtbl: null,
  sv_sigtbl: null,
  sv_sig_next: null,
  sv_call_name: (code) => freebsd_syscall_names[code] ?? `#${code}`,
  sv_fetch_syscall_args: fetch_syscall_args,
  sv_set_syscall_retval: set_syscall_retval,
  sv_sendsig: sendsig,
  sv_fixup: fixup,
  sv_schedtail: null,
  sv_thread_exit: null,
  sv_setregs: (k, td, imgp, stack) =>
    exec_setregs(k, td, imgp, stack, imgp.ps_strings | 0, __INITIAL_NPXCW__, _udatasel),
  sv_sigcode: sigcode,
  sv_sigcode_base: 0,
  sv_usrstack: USRSTACK,
  sv_syscall_vector: 0x80,
  sv_transtrap: null,
  sv_flags: 0,
};
