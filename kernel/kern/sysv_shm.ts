// System V shared memory (sysv_shm.c): segments are objects that any process may attach. Attachments
// are counted per vmspace (vm_shm): fork copies them, exec and exit let go of them.

import { EACCES, EEXIST, EINVAL, EMFILE, ENOENT, ENOMEM, ENOSPC } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE, round_page } from '../sys/param.js';
import type { Thread } from '../sys/proc.js';
import { RLIMIT_DATA } from '../sys/resource.js';
import type { sysent } from '../sys/sysent.js';
import { groupmember } from '../sys/ucred.js';
import { curcred, swap_reserve_by_cred } from '../vm/swap_reserve.js';
import { vm_map_find, vm_map_fixed, vm_map_remove } from '../vm/vm_map.js';
import { vm_map_wait_transition } from '../vm/vm_map_wire.js';
import { vm_object_allocate, vm_object_deallocate, vm_object_reference } from '../vm/vm_object.js';
import {
  KERN_SUCCESS,
  MAP_CHECK_EXCL,
  MAP_INHERIT_SHARE,
  MAP_PREFAULT_PARTIAL,
  OBJT_PHYS,
  OBJT_SWAP,
  OBJ_NOSPLIT,
  OBJ_ONEMAPPING,
  VMFS_OPTIMAL_SPACE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../vm/vm_param.js';
import type { vm_object, vmspace } from '../vm/vm_types.js';
import { nanotime } from './kern_clock.js';
import { copyin_view, copyout_view } from './subr_buf.js';

const IPC_PRIVATE = 0;
const IPC_CREAT = 0o1000;
const IPC_EXCL = 0o2000;
const IPC_RMID = 0;
const IPC_SET = 1;
const IPC_STAT = 2;
const IPC_R = 0o400;
const IPC_W = 0o200;
/** Whoever may change the segment itself. */
const IPC_M = 0o10000;
const SHM_RDONLY = 0o10000;
const SHM_RND = 0o20000;
const SHM_REMAP = 0o30000;
const ACCESSPERMS = 0o777;
/** struct shmid_ds of i386. */
const SHMID_DS_BYTES = 52;

/** A segment (struct shmid_kernel). Times in seconds since 1970. */
export interface shmid_kernel {
  key: number;
  seq: number;
  cuid: number;
  cgid: number;
  uid: number;
  gid: number;
  mode: number;
  segsz: number;
  lpid: number;
  cpid: number;
  nattch: number;
  atime: number;
  dtime: number;
  ctime: number;
  /** Removed as soon as nobody has it attached. */
  removed: boolean;
  object: vm_object;
}

/** One attachment of an address space. */
export interface shmmap_state {
  va: number;
  shmid: number;
}

/** Segments by slot, and the limits (kern.ipc). */
export interface shm_state {
  segs: (shmid_kernel | null)[];
  /** How often each slot was used: part of its identifiers. */
  seq: number[];
  shmmax: number;
  shmmni: number;
  shmseg: number;
  /** Pages of all segments, and most. */
  committed: number;
  shmall: number;
  use_phys: number;
}

export function shm_state_init(): shm_state {
  return {
    segs: [],
    seq: [],
    shmmax: 512 << 20,
    shmmni: 192,
    shmseg: 128,
    committed: 0,
    shmall: (512 << 20) / PAGE_SIZE,
    use_phys: 0,
  };
}

const vm_of = (td: Thread): vmspace => td.td_proc.p_vmspace as vmspace;
const now = (k: Kernel): number => Math.floor(nanotime(k) / 1e9);

function find_segment(k: Kernel, shmid: number): shmid_kernel | null {
  const seg = k.kern.shm.segs[shmid & 0xffff] ?? null;
  return seg !== null && seg.seq === shmid >>> 16 ? seg : null;
}

/** Whether the thread has the access `mode` (IPC_*) to a segment. @returns 0 or EACCES. */
function ipcperm(td: Thread, seg: shmid_kernel, mode: number): number {
  const cred = td.td_proc.p_ucred;
  if (cred.cr_uid === 0 || cred.cr_uid === seg.uid || cred.cr_uid === seg.cuid) {
    return mode === IPC_M || cred.cr_uid === 0 || (seg.mode & mode) === mode ? 0 : EACCES;
  }
  if (mode === IPC_M) return EACCES;
  const member = groupmember(seg.gid, cred) || groupmember(seg.cgid, cred);
  const wanted = member ? mode >> 3 : mode >> 6;
  return (seg.mode & wanted) === wanted ? 0 : EACCES;
}

function access_of(flags: number): number {
  return (flags & IPC_R) | (flags & IPC_W);
}

/** shmget(key, size, flags): identifier of a segment, made if need be. */
export function kern_shmget(
  k: Kernel,
  td: Thread,
  key: number,
  size: number,
  flags: number,
): number {
  const { shm } = k.kern;
  if (key !== IPC_PRIVATE) {
    const at = shm.segs.findIndex((seg) => seg !== null && seg.key === key && !seg.removed);
    if (at >= 0) {
      const seg = shm.segs[at] as shmid_kernel;
      if ((flags & (IPC_CREAT | IPC_EXCL)) === (IPC_CREAT | IPC_EXCL)) return EEXIST;
      const error = ipcperm(td, seg, access_of(flags));
      if (error !== 0) return error;
      if (size !== 0 && size > seg.segsz) return EINVAL;
      td.td_retval[0] = (seg.seq << 16) | at;
      return 0;
    }
    if ((flags & IPC_CREAT) === 0) return ENOENT;
  }
  if (size < 1 || size > shm.shmmax) return EINVAL;
  const pages = round_page(size) / PAGE_SIZE;
  if (shm.committed + pages > shm.shmall) return ENOMEM;
  let at = shm.segs.indexOf(null);
  if (at < 0) at = shm.segs.length;
  if (at >= shm.shmmni) return ENOSPC;
  const uid = curcred(k);
  const phys = shm.use_phys !== 0;
  if (!phys && !swap_reserve_by_cred(k, pages * PAGE_SIZE, uid)) return ENOMEM;
  const object = vm_object_allocate(k, phys ? OBJT_PHYS : OBJT_SWAP, pages);
  object.flags = (object.flags & ~OBJ_ONEMAPPING) | OBJ_NOSPLIT;
  if (!phys) {
    object.cred = uid;
    object.charge = pages * PAGE_SIZE;
  }
  const cred = td.td_proc.p_ucred;
  const seq = ((shm.seq[at] ?? -1) + 1) & 0x7fff;
  shm.seq[at] = seq;
  shm.committed += pages;
  shm.segs[at] = {
    key,
    seq,
    cuid: cred.cr_uid,
    uid: cred.cr_uid,
    cgid: cred.cr_groups[0],
    gid: cred.cr_groups[0],
    mode: flags & ACCESSPERMS,
    segsz: size,
    lpid: 0,
    cpid: td.td_proc.p_pid,
    nattch: 0,
    atime: 0,
    dtime: 0,
    ctime: now(k),
    removed: false,
    object,
  };
  td.td_retval[0] = (seq << 16) | at;
  return 0;
}

function shm_deallocate_segment(k: Kernel, shmid: number): void {
  const { shm } = k.kern;
  const seg = shm.segs[shmid & 0xffff] as shmid_kernel;
  shm.segs[shmid & 0xffff] = null;
  shm.committed -= seg.object.size;
  vm_object_deallocate(k, seg.object);
}

/** shmat(shmid, addr, flags): the address is in td_retval[0]. */
export function kern_shmat(
  k: Kernel,
  td: Thread,
  shmid: number,
  addr: number,
  flags: number,
): number {
  const seg = find_segment(k, shmid);
  if (seg === null) return EINVAL;
  const error = ipcperm(td, seg, flags & SHM_RDONLY ? IPC_R : IPC_R | IPC_W);
  if (error !== 0) return error;
  const vm = vm_of(td);
  vm.vm_shm ??= [];
  if (vm.vm_shm.length >= k.kern.shm.shmseg) return EMFILE;
  const prot = flags & SHM_RDONLY ? VM_PROT_READ : VM_PROT_READ | VM_PROT_WRITE;
  const size = round_page(seg.segsz);
  const cow = MAP_INHERIT_SHARE | MAP_PREFAULT_PARTIAL;
  let at = addr;
  let result: number;
  if (addr === 0) {
    // Behind what the heap may become.
    const hint = round_page(vm.vm_daddr + td.td_proc.p_limit.pl_rlimit[RLIMIT_DATA].rlim_max);
    vm_object_reference(seg.object);
    ({ result, address: at } = vm_map_find(
      k, vm.vm_map, seg.object, 0, hint, size, 0, VMFS_OPTIMAL_SPACE, prot, prot, cow,
    )); // prettier-ignore
  } else {
    if (flags & SHM_RND) at -= at % PAGE_SIZE;
    else if (at % PAGE_SIZE !== 0) return EINVAL;
    const replace = (flags & SHM_REMAP) === SHM_REMAP;
    if (replace) vm_map_wait_transition(k, vm.vm_map, at, at + size, true);
    vm_object_reference(seg.object);
    const excl = replace ? 0 : MAP_CHECK_EXCL;
    result = vm_map_fixed(k, vm.vm_map, seg.object, 0, at, size, prot, prot, cow | excl);
  }
  if (result !== KERN_SUCCESS) {
    vm_object_deallocate(k, seg.object);
    return ENOMEM;
  }
  vm.vm_shm.push({ va: at, shmid });
  seg.nattch++;
  seg.lpid = td.td_proc.p_pid;
  seg.atime = now(k);
  td.td_retval[0] = at | 0;
  return 0;
}

/** One attachment less; a removed segment goes with its last. */
function shm_detach(k: Kernel, shmid: number): void {
  const seg = find_segment(k, shmid);
  if (seg === null) return;
  seg.dtime = now(k);
  if (--seg.nattch <= 0 && seg.removed) shm_deallocate_segment(k, shmid);
}

/** shmdt(addr): EINVAL when no segment is attached just there. */
export function kern_shmdt(k: Kernel, td: Thread, addr: number): number {
  const vm = vm_of(td);
  const i = vm.vm_shm?.findIndex((s) => s.va === addr) ?? -1;
  if (vm.vm_shm === null || i < 0) return EINVAL;
  const { shmid } = vm.vm_shm[i];
  const seg = find_segment(k, shmid);
  if (seg !== null) {
    vm_map_remove(k, vm.vm_map, addr, addr + round_page(seg.segsz));
    seg.lpid = td.td_proc.p_pid;
  }
  vm.vm_shm.splice(i, 1);
  shm_detach(k, shmid);
  return 0;
}

/** shmctl(shmid, cmd, buf): IPC_RMID, IPC_SET, IPC_STAT. */
export function kern_shmctl(
  k: Kernel,
  td: Thread,
  shmid: number,
  cmd: number,
  buf: number,
): number {
  const seg = find_segment(k, shmid);
  if (seg === null) return EINVAL;
  if (cmd !== IPC_RMID && cmd !== IPC_SET && cmd !== IPC_STAT) return EINVAL;
  const error = ipcperm(td, seg, cmd === IPC_STAT ? IPC_R : IPC_M);
  if (error !== 0) return error;
  if (cmd === IPC_STAT) return copyout_view(k, put_shmid_ds(seg), buf);
  if (cmd === IPC_SET) {
    const view = copyin_view(k, buf, SHMID_DS_BYTES);
    if (typeof view === 'number') return view;
    seg.uid = view.getUint32(8, true);
    seg.gid = view.getUint32(12, true);
    seg.mode = view.getUint16(16, true) & ACCESSPERMS;
    seg.ctime = now(k);
    return 0;
  }
  seg.key = IPC_PRIVATE;
  seg.removed = true;
  if (seg.nattch <= 0) shm_deallocate_segment(k, shmid);
  return 0;
}

function put_shmid_ds(seg: shmid_kernel): DataView {
  const view = new DataView(new ArrayBuffer(SHMID_DS_BYTES));
  [seg.cuid, seg.cgid, seg.uid, seg.gid].forEach((v, i) => view.setUint32(4 * i, v, true));
  view.setUint16(16, seg.mode, true);
  view.setUint16(18, seg.seq, true);
  const { key, segsz, lpid, cpid, nattch, atime, dtime, ctime } = seg;
  [key, segsz, lpid, cpid, nattch, atime, dtime, ctime].forEach((v, i) =>
    view.setInt32(20 + 4 * i, v, true),
  );
  return view;
}

/** The child of a fork has what its parent has attached. */
export function shmfork(k: Kernel, vm1: vmspace, vm2: vmspace): void {
  if (vm1.vm_shm === null) return;
  vm2.vm_shm = vm1.vm_shm.map((s) => ({ ...s }));
  for (const { shmid } of vm2.vm_shm) {
    const seg = find_segment(k, shmid);
    if (seg !== null) seg.nattch++;
  }
}

/** An address space ends: nothing is attached any more. => its mappings go with it. */
export function shmexit(k: Kernel, vm: vmspace): void {
  const attached = vm.vm_shm;
  vm.vm_shm = null;
  if (attached !== null) for (const { shmid } of attached) shm_detach(k, shmid);
}

/** Frees every segment that nobody has attached, removed or not (shmunload). */
export function shmunload(k: Kernel): void {
  k.kern.shm.segs.forEach((seg, slot) => {
    if (seg !== null && seg.nattch <= 0) shm_deallocate_segment(k, slot);
  });
}

const u = (word: number): number => word >>> 0;

/** FreeBSD's calls by number. */
export const shm_sysent: Record<number, sysent> = {
  228: {
    sy_name: 'shmat',
    sy_narg: 3,
    sy_call: (k, td, a) => kern_shmat(k, td, a[0], u(a[1]), a[2]),
  },
  230: { sy_name: 'shmdt', sy_narg: 1, sy_call: (k, td, a) => kern_shmdt(k, td, u(a[0])) },
  231: {
    sy_name: 'shmget',
    sy_narg: 3,
    sy_call: (k, td, a) => kern_shmget(k, td, a[0], u(a[1]), a[2]),
  },
  512: {
    sy_name: 'shmctl',
    sy_narg: 3,
    sy_call: (k, td, a) => kern_shmctl(k, td, a[0], a[1], u(a[2])),
  },
};
