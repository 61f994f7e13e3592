// Bringing the kernel up, and its first user process (init_main.c).

import { EV_BOOT } from '../sys/event.js';
import type { HostDirectory } from '../sys/host.js';
import type { Kernel } from '../sys/kernel.js';
import {
  PRS_NORMAL,
  P_CONTROLT,
  P_INMEM,
  P_KPROC,
  P_SYSTEM,
  TDF_NEEDSIGCHK,
  TDS_INACTIVE,
} from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import { crget } from '../sys/ucred.js';
import { VDIR } from '../sys/vnode.js';
import { AT_FDCWD, O_RDWR } from '../sys/fcntl.js';
import { namei_vp } from '../fs/vfs_lookup.js';
import { vfs_mountroot } from '../fs/vfs_init.js';
import { vref, vrele } from '../fs/vfs_subr.js';
import { elf32_freebsd_sysvec } from '../i386/elf_machdep.js';
import { gdt_init } from '../i386/segments.js';
import { pmap_activate, kernel_pmap } from '../vm/pmap.js';
import { fb_attach } from './cdev_mem.js';
import { cpu_startup, vm_mem_init } from '../vm/vm_init.js';
import { vm_thread_new, vm_thread_reserve } from '../vm/vm_kstack.js';
import { vm_object_allocate } from '../vm/vm_object.js';
import { vm_page_alloc } from '../vm/vm_page.js';
import {
  OBJT_PHYS,
  OBJ_UNMANAGED,
  VM_ALLOC_NOBUSY,
  VM_ALLOC_SYSTEM,
  VM_ALLOC_WIRED,
  VM_ALLOC_ZERO,
  VM_PAGE_BITS_ALL,
  VPO_UNMANAGED,
} from '../vm/vm_param.js';
import type { vm_page } from '../vm/vm_types.js';
import { fdescfree, fdinit, fdinstall_at } from './kern_descrip.js';
import { kern_execve } from './kern_exec.js';
import { thread_exit } from './kern_exit.js';
import { kproc_create, swapper_start } from './kern_kthread.js';
import { OSRELEASE, OSTYPE } from './kern_mib.js';
import { leavepgrp, pid_alloc, proc_alloc, session_create, thread_alloc } from './kern_proc.js';
import { limits_create } from './kern_resource.js';
import { sigacts_copy, sigacts_create } from './kern_sig.js';
import { sysentvecs } from './kern_sysvec.js';
import { init_sysent } from './init_sysent.js';
import { SLEEP, sleepq_remove } from './kern_synch.js';
import { PPAUSE, PVM, sched_add, sched_rem } from './sched_4bsd.js';
import { g_disk_poll } from '../geom/geom_disk.js';
import { panic } from '../sys/panic.js';
import { host_stream_create, host_stream_file } from './host_stream.js';
import type { host_stream_kind } from './host_stream.js';
import { tty_set_session } from './tty.js';
import type { tty } from './tty_types.js';
import { kern_openat } from './vfs_kern.js';
import { E2BIG } from '../sys/errno.js';
import { ARG_MAX } from '../sys/param.js';
import { errno_text } from './subr_errno.js';

function say(k: Kernel, line: string): void {
  if (k.events.mask & EV_BOOT) k.events.emit({ type: 'boot', line });
}

/** The page that every process has at the end of its address space: signal trampolines. */
function shared_page_init(k: Kernel): void {
  const object = vm_object_allocate(k, OBJT_PHYS, 1);
  object.flags |= OBJ_UNMANAGED;
  const m = vm_page_alloc(
    k,
    object,
    0,
    VM_ALLOC_SYSTEM | VM_ALLOC_WIRED | VM_ALLOC_ZERO | VM_ALLOC_NOBUSY,
  ) as vm_page;
  m.valid = VM_PAGE_BITS_ALL;
  m.oflags |= VPO_UNMANAGED;
  for (const sv of sysentvecs) {
    k.machine.ram8.set(sv.sv_sigcode, m.phys_addr + sv.sv_sigcode_base);
  }
  k.machine.physStored(m.phys_addr, 4096);
  k.kern.shared_page_obj = object;
}

/** Process 0, from which all others take what they are not given. */
function proc0_init(k: Kernel): void {
  const pgrp = session_create(k, 0, null);
  const proc0 = proc_alloc(k, {
    pid: 0,
    parent: null,
    cred: crget(),
    sigacts: sigacts_create(),
    limit: limits_create(k),
    sysent: elf32_freebsd_sysvec,
    pgrp,
  });
  proc0.p_flag = P_SYSTEM | P_KPROC | P_INMEM;
  proc0.p_state = PRS_NORMAL;
  proc0.p_comm = 'kernel';
  k.kern.proc0 = proc0;
  // Process 1 only adopts and reaps: the first program is no init.
  k.kern.initproc = kproc_create(k, 'init', null, PVM);
}

/** Everything up to the point where file systems can be mounted (mi_startup). */
export function mi_startup(k: Kernel): void {
  init_sysent();
  k.kern.boottime = k.host.wallClockNs();
  say(k, `${OSTYPE} ${OSRELEASE} (Faultline) i386`);
  vm_mem_init(k);
  cpu_startup(k);
  fb_attach(k);
  gdt_init(k);
  for (const sv of sysentvecs) k.machine.softIntVectors.add(sv.sv_syscall_vector);
  shared_page_init(k);
  proc0_init(k);
  kproc_create(k, 'pagedaemon', 'pagedaemon', PVM);
  kproc_create(k, 'vmdaemon', 'vmdaemon', PVM);
  kproc_create(k, 'syncer', 'syncer', PPAUSE);
  swapper_start(k, PVM);
  say(
    k,
    `processes: ${[...k.kern.allproc.values()].map((p) => `${p.p_pid} ${p.p_comm}`).join(', ')}`,
  );
}

/** Mounts the root: `host` below memory, or memory alone. */
export function kernel_mount_root(k: Kernel, host: HostDirectory | null, from: string): void {
  vfs_mountroot(k, host, from);
}

/** The first user process: program, words, environment, and where its standard files lead. */
export interface init_params {
  /** Guest path of the program, a binary string as all of these. */
  path: string;
  argv: string[];
  envp: string[];
  cwd: string;
  /** 'freebsd' or 'linux' instead of what the image says. */
  abi: string | null;
  /** The terminal, if there is one. */
  console: tty | null;
  /** Otherwise what the host's standard streams are; 'tty' counts as a device. */
  streams: readonly (host_stream_kind | 'tty')[] | null;
}

/**
 * Makes the first user process, ready to run.
 * @returns null, or why it cannot be executed, as a line for people.
 */
export function spawn_init(k: Kernel, params: init_params): string | null {
  k.kern.forced_abi = params.abi;
  const proc0 = k.kern.proc0 as Proc;
  const pid = pid_alloc(k);
  const pgrp = session_create(k, pid, null);
  const p = proc_alloc(k, {
    pid,
    parent: k.kern.initproc,
    cred: proc0.p_ucred,
    sigacts: sigacts_copy(proc0.p_sigacts),
    limit: proc0.p_limit,
    sysent: elf32_freebsd_sysvec,
    pgrp,
  });
  proc0.p_limit.pl_refcnt++;
  pgrp.pg_session.s_leader = p;
  pgrp.pg_session.s_login = 'root';
  const td = thread_alloc(k, p);
  p.p_fd = fdinit(k, null);
  k.kern.curthread = td;
  without_sleep(k, td, () => {
    vm_thread_reserve(k);
  });
  vm_thread_new(k, td);
  const error = start(k, td, params);
  k.kern.curthread = null;
  if (error !== null) {
    const fdp = p.p_fd;
    p.p_fd = null;
    fdescfree(k, td, fdp);
    thread_exit(k, td);
    (p.p_pptr as Proc).p_children.pop();
    leavepgrp(k, p);
    k.kern.allproc.delete(pid);
    return error;
  }
  k.machine.saveRegisters(td.td_frame);
  pmap_activate(k, kernel_pmap(k));
  p.p_state = PRS_NORMAL;
  td.td_flags |= TDF_NEEDSIGCHK;
  k.kern.mainproc = p;
  k.kern.nprocs++;
  sched_add(k, td);
  return null;
}

/** How often something is tried again for which no disk works: memory that was denied once. */
const RETRIES = 100;

/** Before anything runs nobody can sleep: what is waited for is polled. */
function without_sleep<T>(k: Kernel, td: Thread, call: () => T): T {
  for (let idle = 0; ;) {
    try {
      return call();
    } catch (thrown) {
      if (thrown !== SLEEP) throw thrown;
      if (!g_disk_poll(k) && ++idle > RETRIES) panic(`the first process waits for ${td.td_wmesg}`);
      sleepq_remove(k, td);
      td.td_state = TDS_INACTIVE;
      sched_rem(k, td);
    }
  }
}

function start(k: Kernel, td: Thread, params: init_params): string | null {
  const p = td.td_proc;
  const fd = p.p_fd;
  if (fd === null) return 'no descriptor table';
  const cwd = namei_vp(k, td, AT_FDCWD, params.cwd, true);
  if (typeof cwd === 'number') return `${params.cwd}: ${errno_text(cwd)}`;
  if (cwd.v_type !== VDIR) return `${params.cwd}: not a directory`;
  vrele(k, fd.fd_cdir);
  fd.fd_cdir = vref(cwd);
  open_standard_files(k, td, params);
  const args = { fname: params.path, argv: params.argv, envv: params.envp };
  const bytes = [params.path, ...params.argv, ...params.envp].reduce((n, s) => n + s.length + 1, 0);
  const error = bytes > ARG_MAX ? E2BIG : without_sleep(k, td, () => kern_execve(k, td, args));
  return error === 0 ? null : `${params.path}: ${errno_text(error)}`;
}

/** Descriptors 0, 1 and 2: the terminal, or the host's streams. */
function open_standard_files(k: Kernel, td: Thread, params: init_params): void {
  const { console, streams } = params;
  if (console !== null) {
    k.vfs.console = console;
    tty_set_session(td, console);
    td.td_proc.p_flag |= P_CONTROLT;
    for (let n = 0; n < 3; n++) kern_openat(k, td, AT_FDCWD, '/dev/console', O_RDWR, 0);
    return;
  }
  (streams ?? []).forEach((kind, n) => {
    const stream = host_stream_create(n, kind === 'tty' ? 'device' : kind);
    k.vfs.streams[n] = stream;
    fdinstall_at(k, td, n, host_stream_file(k, stream), false);
  });
}
