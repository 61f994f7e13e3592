// Files as a debugger reads them: nothing is looked up, made, paged in or marked as used by it.

import { EACCES, EINVAL, EIO, ELOOP, ENOENT, ENOTDIR } from '../sys/errno.js';
import type { HostDirectory } from '../sys/host.js';
import type { Kernel } from '../sys/kernel.js';
import type { mount } from '../sys/mount.js';
import { VDIR, VLNK, VREG } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { swap_pager_peek } from '../vm/swap_pager.js';
import { swp_pager_meta_lookup } from '../vm/swap_pager_meta.js';
import { vm_page_lookup } from '../vm/vm_page.js';
import { PER_PROCESS, SYSTEM, procfs_contents, procfs_link } from './procfs.js';
import { host_of } from './tmpfs.js';
import type { tmpfs_node } from './tmpfs.js';

const PAGE_SIZE = 4096;
const VALID_ALL = 0xff;
const MAXSYMLINKS = 32;

export interface peeked_file {
  /** VREG, VDIR or VLNK. */
  type: number;
  /** Permission bits. */
  mode: number;
  size: number;
  /** ns since 1970. */
  mtime: number;
  ino: number;
  /** Target of a symbolic link. */
  link: string;
  /** Fills `into` from `offset`. @returns bytes read, fewer at the end; -1 for an I/O error. */
  read(offset: number, into: Uint8Array): number;
}

/** A place in the name space that has perhaps no vnode yet. */
type place =
  | { in: 'memory'; mp: mount; node: tmpfs_node }
  | { in: 'host'; host: HostDirectory; path: string }
  | { in: 'proc'; pid: number; name: string };

/** A page of a memory file, from where it is now. @returns false when it cannot be read. */
function page_of(
  k: Kernel,
  vp: vnode,
  mp: mount,
  node: tmpfs_node,
  pindex: number,
  into: Uint8Array,
): boolean {
  into.fill(0);
  const object = vp.v_object;
  const page = object === null ? null : vm_page_lookup(object, pindex);
  if (page !== null && page.valid === VALID_ALL) {
    into.set(k.machine.ram8.subarray(page.phys_addr, page.phys_addr + PAGE_SIZE));
    return true;
  }
  const block = object === null ? -1 : swp_pager_meta_lookup(object, pindex);
  if (block >= 0) return swap_pager_peek(k, block, into);
  return host_page(mp, node, pindex, into);
}

function host_page(mp: mount, node: tmpfs_node, pindex: number, into: Uint8Array): boolean {
  const upper = node.tn_upper?.get(pindex);
  if (upper !== undefined) {
    into.set(upper);
    return true;
  }
  const offset = pindex * PAGE_SIZE;
  const bytes = Math.min(PAGE_SIZE, Math.max(0, node.tn_host_size - offset));
  if (node.tn_host === null || bytes === 0) return true;
  return host_of(mp, node)?.read(node.tn_host, offset, into.subarray(0, bytes)) !== null;
}

function read_node(
  k: Kernel,
  mp: mount,
  node: tmpfs_node,
  offset: number,
  into: Uint8Array,
): number {
  const count = Math.min(into.length, Math.max(0, node.tn_size - offset));
  const page = new Uint8Array(PAGE_SIZE);
  for (let done = 0; done < count;) {
    const pindex = Math.floor((offset + done) / PAGE_SIZE);
    const within = (offset + done) % PAGE_SIZE;
    const ok = node.tn_vnode === null ? host_page(mp, node, pindex, page) : page_of(k, node.tn_vnode, mp, node, pindex, page); // prettier-ignore
    if (!ok) return -1;
    const n = Math.min(count - done, PAGE_SIZE - within);
    into.set(page.subarray(within, within + n), done);
    done += n;
  }
  return count;
}

/** Reads the file behind a vnode. @returns bytes read; -1 for an error, or a vnode without a file. */
export function vnode_peek(k: Kernel, vp: vnode, offset: number, into: Uint8Array): number {
  if (vp.v_tag !== 'tmpfs' || vp.v_type !== VREG) return -1;
  return read_node(k, vp.v_mount, vp.v_data as tmpfs_node, offset, into);
}

const nothing = (): number => -1;

function of_memory(k: Kernel, mp: mount, node: tmpfs_node): peeked_file {
  return {
    type: node.tn_type,
    mode: node.tn_mode,
    size: node.tn_size,
    mtime: node.tn_mtime,
    ino: node.tn_id,
    link: node.tn_link,
    read: node.tn_type === VREG ? (at, into) => read_node(k, mp, node, at, into) : nothing,
  };
}

const KINDS: Record<string, number> = { file: VREG, directory: VDIR, symlink: VLNK };

function of_host(host: HostDirectory, path: string): peeked_file | null {
  const s = host.lstat(path);
  const type = s === null ? undefined : KINDS[s.kind];
  if (s === null || type === undefined) return null;
  return {
    type,
    mode: s.mode,
    size: s.size,
    mtime: s.mtimeNs,
    ino: s.ino,
    link: type === VLNK ? (host.readlink(path) ?? '') : '',
    read: type === VREG ? (at, into) => host.read(path, at, into) ?? -1 : nothing,
  };
}

function of_proc(k: Kernel, pid: number, name: string): peeked_file {
  const type = name === '' || name === 'task' ? VDIR : (pid === 0 ? SYSTEM : PER_PROCESS)[name];
  const text = type === VREG ? procfs_contents(k, pid, name) : '';
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  return {
    type,
    mode: type === VREG ? 0o444 : 0o555,
    // As in the guest: the length is known once it has been read.
    size: 0,
    mtime: 0,
    ino: 2 + pid * 64,
    link: type === VLNK ? procfs_link(k, pid, name) : '',
    read(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return type === VREG ? part.length : -1;
    },
  };
}

function file_at(k: Kernel, at: place): peeked_file | null {
  if (at.in === 'memory') return of_memory(k, at.mp, at.node);
  if (at.in === 'host') return of_host(at.host, at.path);
  return of_proc(k, at.pid, at.name);
}

/** Into what is mounted on a directory. */
function cross(vp: vnode | null, at: place): place | null {
  let root = vp?.v_mountedhere?.mnt_root ?? null;
  if (root === null) return at;
  while (root.v_mountedhere?.mnt_root) root = root.v_mountedhere.mnt_root;
  if (root.v_tag === 'procfs') return { in: 'proc', pid: 0, name: '' };
  if (root.v_tag !== 'tmpfs') return null;
  return { in: 'memory', mp: root.v_mount, node: root.v_data as tmpfs_node };
}

/** /proc/PID/task, which guests do not see: gdb reads maps there. */
function has_thread(k: Kernel, pid: number, tid: number): boolean {
  return tid === pid || k.kern.threads.get(tid)?.td_proc.p_pid === pid;
}

function child(k: Kernel, at: place, name: string): place | null {
  if (at.in === 'proc') {
    if (at.name === 'task') return has_thread(k, at.pid, Number(name)) ? { ...at, name: '' } : null;
    if (at.name !== '') return null;
    if (at.pid !== 0 && name === 'task') return { ...at, name };
    if (at.pid !== 0) return Object.hasOwn(PER_PROCESS, name) ? { ...at, name } : null;
    if (Object.hasOwn(SYSTEM, name)) return { in: 'proc', pid: 0, name };
    const known = /^\d+$/.test(name) && k.kern.allproc.has(Number(name));
    return known ? { in: 'proc', pid: Number(name), name: '' } : null;
  }
  if (at.in === 'host') {
    const path = at.path === '' ? name : `${at.path}/${name}`;
    return at.host.lstat(path) === null ? null : { ...at, path };
  }
  const { mp, node } = at;
  if (node.tn_dir === null) {
    const host = host_of(mp, node);
    if (host === null || node.tn_host === null) return null;
    return child(k, { in: 'host', host, path: node.tn_host }, name);
  }
  const found = node.tn_dir.get(name);
  if (found === undefined) return null;
  return cross(found.tn_vnode, { in: 'memory', mp, node: found });
}

/**
 * The file at an absolute path of the guest; links are followed, the last one if `follow`.
 * @returns an errno when there is none, or it is of a kind that is not read (a device).
 */
export function vfs_peek(k: Kernel, path: string, follow: boolean): peeked_file | number {
  const { rootvnode } = k.vfs;
  if (rootvnode === null || !path.startsWith('/')) return EINVAL;
  const root: place = { in: 'memory', mp: rootvnode.v_mount, node: rootvnode.v_data as tmpfs_node };
  const todo = path.split('/').reverse();
  const trail: place[] = [root];
  for (let links = 0; todo.length > 0;) {
    const name = todo.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const here = trail[trail.length - 1];
    if (file_at(k, here)?.type !== VDIR) return ENOTDIR;
    const next = child(k, here, name);
    if (next === null) return ENOENT;
    const file = file_at(k, next);
    if (file === null) return EACCES;
    if (file.type === VLNK && (follow || todo.some((part) => part !== ''))) {
      if (++links > MAXSYMLINKS) return ELOOP;
      if (file.link.startsWith('/')) trail.length = 1;
      todo.push(...file.link.split('/').reverse());
      continue;
    }
    trail.push(next);
  }
  return file_at(k, trail[trail.length - 1]) ?? EIO;
}
