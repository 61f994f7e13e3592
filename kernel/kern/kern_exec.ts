// execve: replacing the image of a process (kern_exec.c). The new address space is built beside the
// old one and takes its place when nothing can fail or sleep any more, so an execve that has to wait
// (for memory, for a page) can be executed again.

import { E2BIG, EACCES, EFAULT, ELOOP, ENAMETOOLONG, ENOMEM, ETXTBSY } from '../sys/errno.js';
import { EV_PROC } from '../sys/event.js';
import type { image_args, image_params } from '../sys/imgact.js';
import type { Kernel } from '../sys/kernel.js';
import {
  ARG_MAX,
  MAXCOMLEN,
  MAXPATHLEN,
  MAXSSIZ,
  PAGE_SIZE,
  SGROWSIZ,
  SHAREDPAGE,
} from '../sys/param.js';
import { P_EXEC, P_SUGID } from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import {
  SIGDELSET,
  SIGISEMPTY,
  SIGISMEMBER,
  SIG_DFL,
  SIG_IGN,
  SS_DISABLE,
  _SIG_MAXSIG,
  SIGCHLD,
} from '../sys/signal.js';
import type { sysentvec } from '../sys/sysent.js';
import { crcopy } from '../sys/ucred.js';
import { MNT_NOEXEC } from '../sys/mount.js';
import { VREG } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { AT_FDCWD } from '../sys/fcntl.js';
import { namei_vp, vn_fullpath } from '../fs/vfs_lookup.js';
import { VEXEC, vaccess, vref, vrele } from '../fs/vfs_subr.js';
import { VOP_GETATTR } from '../fs/vnode_if.js';
import { cpu_exec } from '../i386/machdep.js';
import { copyinstr, fuword32 } from '../i386/support.js';
import { pmap_activate } from '../vm/pmap.js';
import { vm_map_fixed } from '../vm/vm_map.js';
import { vm_map_stack } from '../vm/vm_map_stack.js';
import { vmspace_alloc, vmspace_free } from '../vm/vm_glue.js';
import { vm_object_reference } from '../vm/vm_object.js';
import { vm_wait } from '../vm/vm_page.js';
import {
  KERN_SUCCESS,
  MAP_INHERIT_SHARE,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
} from '../vm/vm_param.js';
import { kmap_alloc_wait, kmap_free_wakeup } from '../vm/vm_kern.js';
import type { vm_map, vmspace } from '../vm/vm_types.js';
import { exec_elf_imgact } from './imgact_elf.js';
import { exec_shell_imgact } from './imgact_shell.js';
import { fdcloseexec } from './kern_descrip.js';
import { thread_single, vfork_done } from './kern_exit.js';
import { itimers_release } from './kern_itimer.js';
import { sigacts_copy, sigacts_own } from './kern_sig.js';
import { vn_page } from './vfs_vnops.js';

/** Reads an array of string pointers. @returns the strings, or EFAULT or E2BIG. */
function copyin_strings(k: Kernel, uaddr: number, room: { left: number }): string[] | number {
  const strings: string[] = [];
  for (let at = uaddr >>> 0; ; at += 4) {
    const pointer = fuword32(k, at);
    if (pointer < 0) return EFAULT;
    if (pointer === 0) return strings;
    const text = copyinstr(k, pointer, room.left);
    if (typeof text === 'number') return text === ENAMETOOLONG ? E2BIG : text;
    room.left -= text.length + 1;
    if (room.left <= 0) return E2BIG;
    strings.push(text);
  }
}

/** Reads path, argv and envp of an execve (exec_copyin_args). */
export function exec_copyin_args(
  k: Kernel,
  fname: number,
  argv: number,
  envv: number,
): image_args | number {
  const path = copyinstr(k, fname, MAXPATHLEN);
  if (typeof path === 'number') return path;
  return exec_copyin_strings(k, path, argv, envv);
}

/** The same with the path known. */
export function exec_copyin_strings(
  k: Kernel,
  fname: string,
  argv: number,
  envv: number,
): image_args | number {
  if (argv === 0) return EFAULT;
  const room = { left: ARG_MAX };
  const args = copyin_strings(k, argv, room);
  if (typeof args === 'number') return args;
  const env = envv === 0 ? [] : copyin_strings(k, envv, room);
  if (typeof env === 'number') return env;
  return { fname, argv: args, envv: env };
}

/** Reads bytes of a file through its object, so that they stay cached. @returns bytes read. */
export function exec_read(
  k: Kernel,
  vp: vnode,
  size: number,
  offset: number,
  into: Uint8Array,
): number {
  const object = vp.v_object;
  if (object === null) return 0;
  const end = Math.min(offset + into.length, size);
  let at = offset;
  while (at < end) {
    const m = vn_page(k, object, Math.floor(at / PAGE_SIZE));
    if (m === null) break;
    const pa = m.phys_addr;
    const from = at % PAGE_SIZE;
    const n = Math.min(end - at, PAGE_SIZE - from);
    into.set(k.machine.ram8.subarray(pa + from, pa + from + n), at - offset);
    at += n;
  }
  return Math.max(0, at - offset);
}

/** Whether the file may be executed (exec_check_permissions). */
export function exec_check_permissions(k: Kernel, td: Thread, vp: vnode): number {
  if (vp.v_type !== VREG) return EACCES;
  if (vp.v_mount.mnt_flag & MNT_NOEXEC) return EACCES;
  if ((VOP_GETATTR(k, vp).va_mode & 0o111) === 0) return EACCES;
  const error = vaccess(k, vp, VEXEC, td.td_proc.p_ucred);
  if (error !== 0) return error;
  return vp.v_writecount > 0 ? ETXTBSY : 0;
}

/** Opens the file for execution; its first page is in image_header. */
export function exec_open(k: Kernel, td: Thread, path: string): image_params | number {
  const vp = namei_vp(k, td, AT_FDCWD, path, true);
  if (typeof vp === 'number') return vp;
  return exec_open_vp(k, td, vp, path);
}

function exec_open_vp(k: Kernel, td: Thread, vp: vnode, path: string): image_params | number {
  const error = exec_check_permissions(k, td, vp);
  if (error !== 0) return error;
  const image_size = VOP_GETATTR(k, vp).va_size;
  const header = new Uint8Array(Math.min(image_size, PAGE_SIZE));
  const got = exec_read(k, vp, image_size, 0, header);
  return {
    args: { fname: path, argv: [], envv: [] },
    vp,
    image_header: got === header.length ? header : header.subarray(0, got),
    image_size,
    interpreted: false,
    interpreter_name: '',
    execpath: path,
    entry_addr: 0,
    reloc_base: 0,
    auxargs: [],
    stack_prot: 0,
    osrel: 0,
    ps_strings: 0,
    arg_start: 0,
    env_start: 0,
  };
}

/**
 * Executes `args.fname` in the process of the running thread.
 * @returns an errno with nothing changed, or EJUSTRETURN-like 0 with the CPU at the image's start.
 */
export function kern_execve(k: Kernel, td: Thread, args: image_args): number {
  // There is room for the arguments of sixteen at once; others wait (exec_alloc_args).
  const map = k.vm.exec_map as vm_map;
  const bytes = MAXPATHLEN + ARG_MAX;
  const room = kmap_alloc_wait(k, map, bytes);
  try {
    return do_execve(k, td, args);
  } finally {
    kmap_free_wakeup(k, map, room, bytes);
  }
}

function do_execve(k: Kernel, td: Thread, args: image_args): number {
  let path = args.fname;
  let argv = args.argv;
  let interpreted = false;
  const credential_vp = namei_vp(k, td, AT_FDCWD, path, true);
  if (typeof credential_vp === 'number') return credential_vp;
  for (;;) {
    const imgp = exec_open(k, td, path);
    if (typeof imgp === 'number') return imgp;
    imgp.args = { fname: args.fname, argv, envv: args.envv };
    imgp.interpreted = interpreted;
    const script = exec_shell_imgact(imgp);
    if (typeof script === 'number') {
      if (script !== 0) return script;
      // Not a script.
      const error = exec_image(k, td, imgp, args);
      if (error === 0) setugid(k, td.td_proc, credential_vp, interpreted);
      return error;
    }
    if (interpreted) return ELOOP;
    interpreted = true;
    const rest = argv.slice(1);
    argv = [script.interpreter, ...script.options, args.fname, ...rest];
    path = script.interpreter;
  }
}

/** A vmspace for the image: shared page and stack in place. */
function exec_new_vmspace(k: Kernel, p: Proc, sv: sysentvec, prot: number): vmspace | number {
  const vm = vmspace_alloc(k) ?? vm_wait(k, 'execvm');
  vm.vm_pmap.pm_pid = p.p_pid;
  const { shared_page_obj } = k.kern;
  if (shared_page_obj !== null) {
    vm_object_reference(shared_page_obj);
    const rx = VM_PROT_READ | VM_PROT_EXECUTE;
    vm_map_fixed(
      k,
      vm.vm_map,
      shared_page_obj,
      0,
      SHAREDPAGE,
      PAGE_SIZE,
      rx,
      rx,
      MAP_INHERIT_SHARE,
    );
  }
  const bottom = sv.sv_usrstack - MAXSSIZ;
  const result = vm_map_stack(k, vm.vm_map, bottom, MAXSSIZ, prot, VM_PROT_ALL, false);
  if (result !== KERN_SUCCESS) {
    vmspace_free(k, vm);
    return ENOMEM;
  }
  vm.vm_ssize = SGROWSIZ / PAGE_SIZE;
  vm.vm_maxsaddr = bottom;
  vm.vm_stacktop = sv.sv_usrstack;
  return vm;
}

/** Makes `vm` the address space that copyin, copyout and faults of the process go to. */
function use_vmspace(k: Kernel, p: Proc, vm: vmspace | null): void {
  p.p_vmspace = vm;
  if (vm !== null) pmap_activate(k, vm.vm_pmap);
}

function exec_image(k: Kernel, td: Thread, imgp: image_params, args: image_args): number {
  const p = td.td_proc;
  const old = p.p_vmspace;
  const activated = exec_elf_imgact.identify(k, td, imgp);
  if (typeof activated === 'number') return activated;
  const sv = activated;
  const vm = exec_new_vmspace(k, p, sv, imgp.stack_prot || VM_PROT_ALL);
  if (typeof vm === 'number') return vm;
  let done = false;
  let stack = -1;
  let error = 0;
  use_vmspace(k, p, vm);
  try {
    error = exec_elf_imgact.load(k, td, imgp, sv, vm);
    if (error === 0) {
      stack = sv.sv_fixup(k, td, imgp);
      if (stack < 0) error = ENOMEM;
    }
    done = error === 0;
  } finally {
    // Also on the way to sleep.
    if (!done) {
      use_vmspace(k, p, old);
      vmspace_free(k, vm);
    }
  }
  if (error !== 0) return error;
  exec_commit(k, td, imgp, sv, stack, old, args);
  return 0;
}

/** From here on nothing fails and nothing sleeps. */
function exec_commit(
  k: Kernel,
  td: Thread,
  imgp: image_params,
  sv: sysentvec,
  stack: number,
  old: vmspace | null,
  args: image_args,
): void {
  const p = td.td_proc;
  thread_single(k, td);
  if (old !== null) vmspace_free(k, old);
  vfork_done(k, p);
  if (p.p_fd !== null) fdcloseexec(k, td);
  execsigs(p, td);
  if (p.p_textvp !== null) {
    p.p_textvp.v_textcount--;
    vrele(k, p.p_textvp);
  }
  p.p_textvp = vref(imgp.vp);
  imgp.vp.v_textcount++;
  p.p_textpath = exec_path(k, p, imgp);
  p.p_comm = args.fname.slice(args.fname.lastIndexOf('/') + 1).slice(0, MAXCOMLEN);
  td.td_name = p.p_comm;
  p.p_args = imgp.args.argv.map((arg) => `${arg}\0`).join('');
  p.p_flag = (p.p_flag | P_EXEC) & ~P_SUGID;
  p.p_osrel = imgp.osrel;
  p.p_psstrings = imgp.ps_strings;
  p.p_initsp = stack >>> 0;
  p.p_sysent = sv;
  p.p_sigcode = SHAREDPAGE + sv.sv_sigcode_base;
  td.td_child_clear_tid = 0;
  td.td_child_set_tid = 0;
  td.td_robust_list = 0;
  itimers_release(k, p);
  td.td_progress = null;
  cpu_exec(k, td);
  sv.sv_setregs(k, td, imgp, stack);
  if (k.events.mask & EV_PROC) {
    k.events.emit({
      type: 'proc',
      op: 'exec',
      pid: p.p_pid,
      detail: `${p.p_textpath} (${sv.sv_name})`,
    });
  }
}

/** Absolute path of the image, for AT_EXECPATH, procfs and ps. */
function exec_path(k: Kernel, p: Proc, imgp: image_params): string {
  const { execpath } = imgp;
  if (execpath.startsWith('/') || p.p_fd === null) return execpath;
  const cwd = vn_fullpath(k, p.p_fd, p.p_fd.fd_cdir);
  if (typeof cwd === 'number') return execpath;
  return `${cwd === '/' ? '' : cwd}/${execpath.replace(/^(\.\/)+/, '')}`;
}

/** Caught signals go back to their default; ignored ones stay ignored (execsigs). */
function execsigs(p: Proc, td: Thread): void {
  if (p.p_sigacts.ps_refcnt > 1) {
    p.p_sigacts.ps_refcnt--;
    p.p_sigacts = sigacts_copy(p.p_sigacts);
  }
  td.td_sigstk = { ss_sp: 0, ss_size: 0, ss_flags: SS_DISABLE };
  const { ps_flag, ps_sigcatch, ps_siginfo, ps_sigonstack } = p.p_sigacts;
  const sets = [ps_sigcatch, ps_siginfo, ps_sigonstack];
  if (ps_flag === 0 && sets.every(SIGISEMPTY)) return;
  const ps = sigacts_own(p);
  for (let sig = 1; sig <= _SIG_MAXSIG; sig++) {
    if (!SIGISMEMBER(ps.ps_sigcatch, sig)) continue;
    ps.ps_sigact[sig] = SIG_DFL;
    SIGDELSET(ps.ps_sigcatch, sig);
  }
  ps.ps_siginfo.fill(0);
  ps.ps_sigonstack.fill(0);
  ps.ps_flag = 0;
  if (ps.ps_sigact[SIGCHLD] === SIG_IGN) ps.ps_sigact[SIGCHLD] = SIG_DFL;
}

/** Set-user-id and set-group-id files; scripts do not count. */
function setugid(k: Kernel, p: Proc, vp: vnode, interpreted: boolean): void {
  const { va_mode, va_uid, va_gid } = VOP_GETATTR(k, vp);
  const cred = p.p_ucred;
  const suid = !interpreted && (va_mode & 0o4000) !== 0 && va_uid !== cred.cr_uid;
  const sgid = !interpreted && (va_mode & 0o2000) !== 0 && va_gid !== cred.cr_groups[0];
  if (!suid && !sgid && cred.cr_svuid === cred.cr_uid && cred.cr_svgid === cred.cr_groups[0])
    return;
  const next = crcopy(cred);
  if (suid) next.cr_uid = va_uid;
  if (sgid) next.cr_groups[0] = va_gid;
  next.cr_svuid = next.cr_uid;
  next.cr_svgid = next.cr_groups[0];
  p.p_ucred = next;
  if (suid || sgid) p.p_flag |= P_SUGID;
}
