// ELF images (imgact_elf.c): which ABI a file is for, and its segments mapped from the file.

import { EINVAL, ENOEXEC, ENOMEM } from '../sys/errno.js';
import type { image_params } from '../sys/imgact.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE, USRSTACK, round_page, trunc_page } from '../sys/param.js';
import type { Thread } from '../sys/proc.js';
import { RLIMIT_DATA, RLIMIT_VMEM } from '../sys/resource.js';
import type { sysentvec } from '../sys/sysent.js';
import type { vnode } from '../sys/vnode.js';
import { copyout, latin1 } from '../i386/support.js';
import { vm_map_fixed, vm_map_protect } from '../vm/vm_map.js';
import { vm_object_deallocate, vm_object_reference } from '../vm/vm_object.js';
import {
  KERN_SUCCESS,
  MAP_CHECK_EXCL,
  MAP_COPY_ON_WRITE,
  MAP_DISABLE_COREDUMP,
  MAP_PREFAULT,
  VM_PROT_ALL,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../vm/vm_param.js';
import type { vmspace } from '../vm/vm_types.js';
import { exec_open, exec_read } from './kern_exec.js';
import { lim_cur, lim_max } from './kern_resource.js';
import { sysentvec_by_name } from './kern_sysvec.js';

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_386 = 3;
const EM_486 = 6;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_NOTE = 4;
const PT_PHDR = 6;
const PT_GNU_STACK = 0x6474e551;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const PHDR_BYTES = 32;
const EI_OSABI = 7;
export const ELFOSABI_LINUX = 3;
export const ELFOSABI_FREEBSD = 9;
/** Where position-independent images without an interpreter of their own are put. */
const ET_DYN_LOAD_ADDR = 0x01001000;
const MAXSHELLINTERP = 1024;

// Auxiliary vector types.
export const AT_PHDR = 3;
export const AT_PHENT = 4;
export const AT_PHNUM = 5;
export const AT_PAGESZ = 6;
export const AT_BASE = 7;
export const AT_FLAGS = 8;
export const AT_ENTRY = 9;

interface elf_phdr {
  p_type: number;
  p_offset: number;
  p_vaddr: number;
  p_filesz: number;
  p_memsz: number;
  p_flags: number;
}

interface elf_header {
  e_type: number;
  e_entry: number;
  e_phoff: number;
  e_phnum: number;
  osabi: number;
  phdrs: elf_phdr[];
}

/** Reads header and program headers; null when the file is no i386 ELF image. */
function parse_header(h: Uint8Array): elf_header | null {
  if (h.length < 52) return null;
  const view = new DataView(h.buffer, h.byteOffset, h.length);
  if (view.getUint32(0, false) !== 0x7f454c46 || h[4] !== 1 || h[5] !== 1 || h[6] !== 1)
    return null;
  const machine = view.getUint16(18, true);
  if ((machine !== EM_386 && machine !== EM_486) || view.getUint32(20, true) !== 1) return null;
  const e_phoff = view.getUint32(28, true);
  const e_phnum = view.getUint16(44, true);
  if (view.getUint16(42, true) !== PHDR_BYTES || e_phnum === 0) return null;
  // The table must lie in the first page.
  if (e_phoff % 4 !== 0 || e_phoff + e_phnum * PHDR_BYTES > h.length) return null;
  const phdrs: elf_phdr[] = [];
  for (let i = 0; i < e_phnum; i++) {
    const at = e_phoff + i * PHDR_BYTES;
    phdrs.push({
      p_type: view.getUint32(at, true),
      p_offset: view.getUint32(at + 4, true),
      p_vaddr: view.getUint32(at + 8, true),
      p_filesz: view.getUint32(at + 16, true),
      p_memsz: view.getUint32(at + 20, true),
      p_flags: view.getUint32(at + 24, true),
    });
  }
  return {
    e_type: view.getUint16(16, true),
    e_entry: view.getUint32(24, true),
    e_phoff,
    e_phnum,
    osabi: h[EI_OSABI],
    phdrs,
  };
}

/** Calls `visit` for each note of a PT_NOTE segment, until it returns true. */
function each_note(
  bytes: Uint8Array,
  visit: (name: string, type: number, desc: DataView) => boolean,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 12 <= bytes.length;) {
    const namesz = view.getUint32(at, true);
    const descsz = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const name = at + 12;
    const desc = name + Math.ceil(namesz / 4) * 4;
    const end = desc + Math.ceil(descsz / 4) * 4;
    if (end > bytes.length || namesz > 64 || descsz > bytes.length) return;
    const text = latin1(bytes, name, name + Math.max(0, namesz - 1));
    if (visit(text, type, new DataView(bytes.buffer, bytes.byteOffset + desc, descsz))) return;
    at = end;
  }
}

/** The ABI that the notes name: '' when they name none. Sets osrel. */
function brand_by_notes(k: Kernel, imgp: image_params, header: elf_header): string {
  let brand = '';
  for (const ph of header.phdrs) {
    if (ph.p_type !== PT_NOTE || ph.p_filesz > PAGE_SIZE) continue;
    const bytes = new Uint8Array(ph.p_filesz);
    if (exec_read(k, imgp.vp, imgp.image_size, ph.p_offset, bytes) !== bytes.length) continue;
    each_note(bytes, (name, type, desc) => {
      if (name === 'FreeBSD' && type === 1 && desc.byteLength >= 4) {
        brand = 'freebsd';
        imgp.osrel = desc.getInt32(0, true);
      } else if (
        name === 'GNU' &&
        type === 1 &&
        desc.byteLength >= 16 &&
        desc.getUint32(0, true) === 0
      ) {
        brand = 'linux';
      }
      return brand !== '';
    });
    if (brand !== '') break;
  }
  return brand;
}

/** The interpreter's path, or ''. ENOEXEC as a number when it cannot be read. */
function interpreter_of(k: Kernel, imgp: image_params, header: elf_header): string | number {
  const ph = header.phdrs.find((p) => p.p_type === PT_INTERP);
  if (ph === undefined) return '';
  if (ph.p_filesz < 2 || ph.p_filesz > MAXSHELLINTERP) return ENOEXEC;
  const bytes = new Uint8Array(ph.p_filesz);
  if (exec_read(k, imgp.vp, imgp.image_size, ph.p_offset, bytes) !== bytes.length) return ENOEXEC;
  const end = bytes.indexOf(0);
  return end <= 0 ? ENOEXEC : latin1(bytes, 0, end);
}

/**
 * Which ABI runs the image. In this order: --abi, the ABI notes, EI_OSABI, the name of the
 * interpreter, and for what says nothing kern.elf32.fallback_brand: Linux, because compilers on
 * Linux brand nothing and FreeBSD's always do.
 */
function brand_of(
  k: Kernel,
  imgp: image_params,
  header: elf_header,
  interp: string,
): sysentvec | null {
  const by_notes = brand_by_notes(k, imgp, header);
  const { forced_abi } = k.kern;
  if (forced_abi !== null) return sysentvec_by_name(forced_abi);
  if (by_notes !== '') return sysentvec_by_name(by_notes);
  if (header.osabi === ELFOSABI_FREEBSD) return sysentvec_by_name('freebsd');
  if (header.osabi === ELFOSABI_LINUX) return sysentvec_by_name('linux');
  if (header.osabi !== 0) return null;
  if (interp.includes('ld-elf')) return sysentvec_by_name('freebsd');
  if (interp !== '') return sysentvec_by_name('linux');
  const fallback = k.kern.sysctl_values.get('kern.elf32.fallback_brand') ?? ELFOSABI_LINUX;
  if (fallback === ELFOSABI_FREEBSD) return sysentvec_by_name('freebsd');
  return fallback === ELFOSABI_LINUX ? sysentvec_by_name('linux') : null;
}

function prot_of(flags: number): number {
  return (
    (flags & PF_X ? VM_PROT_EXECUTE : 0) |
    (flags & PF_W ? VM_PROT_WRITE : 0) |
    (flags & PF_R ? VM_PROT_READ : 0)
  );
}

/** Anonymous memory at a fixed place, which must be free. */
function map_anon(k: Kernel, vm: vmspace, start: number, end: number, prot: number): number {
  const rv = vm_map_fixed(
    k, vm.vm_map, null, 0, start, end - start, prot, VM_PROT_ALL, MAP_CHECK_EXCL,
  ); // prettier-ignore
  return rv === KERN_SUCCESS ? 0 : EINVAL;
}

/** One PT_LOAD segment (elf_load_section): file pages, then zero-filled ones. */
function load_section(
  k: Kernel,
  vm: vmspace,
  vp: vnode,
  size: number,
  ph: elf_phdr,
  base: number,
): number {
  const vaddr = ph.p_vaddr + base;
  const { p_filesz, p_memsz, p_offset } = ph;
  if (p_memsz === 0) return 0;
  if (p_filesz > p_memsz || p_offset + p_filesz > size) return ENOEXEC;
  if ((vaddr - p_offset) % PAGE_SIZE !== 0 && p_filesz !== 0) return ENOEXEC;
  if (vaddr + p_memsz > USRSTACK || trunc_page(vaddr) < vm.vm_map.min_offset) return ENOEXEC;
  const prot = prot_of(ph.p_flags);
  const file_addr = trunc_page(p_offset);
  const map_addr = trunc_page(vaddr);
  // Without a bss the last, partial page is mapped from the file too; with one it is copied.
  const file_end = p_offset + p_filesz;
  const map_len =
    p_filesz === 0
      ? 0
      : (p_memsz > p_filesz ? trunc_page(file_end) : round_page(file_end)) - file_addr;
  if (map_len > 0) {
    const object = vp.v_object;
    if (object === null) return ENOEXEC;
    vm_object_reference(object);
    const cow =
      MAP_COPY_ON_WRITE |
      MAP_PREFAULT |
      MAP_CHECK_EXCL |
      (prot & VM_PROT_WRITE ? 0 : MAP_DISABLE_COREDUMP);
    const rv = vm_map_fixed(
      k, vm.vm_map, object, file_addr, map_addr, map_len, prot, VM_PROT_ALL, cow,
    ); // prettier-ignore
    if (rv !== KERN_SUCCESS) {
      vm_object_deallocate(k, object);
      return EINVAL;
    }
    if (p_memsz <= p_filesz) return 0;
  }
  const zero_start = map_addr + map_len;
  const zero_end = round_page(vaddr + p_memsz);
  const copy_from = Math.max(trunc_page(file_end), file_addr);
  const copy_len = p_filesz === 0 ? 0 : file_end - copy_from;
  if (zero_end <= zero_start) return 0;
  const writable = copy_len > 0 ? prot | VM_PROT_WRITE | VM_PROT_READ : prot;
  const error = map_anon(k, vm, zero_start, zero_end, writable);
  if (error !== 0) return error;
  if (copy_len > 0) {
    const bytes = new Uint8Array(copy_len);
    if (exec_read(k, vp, size, copy_from, bytes) !== copy_len) return ENOEXEC;
    if (copyout(k, bytes, zero_start) !== 0) return ENOMEM;
    if (writable !== prot) vm_map_protect(k, vm.vm_map, zero_start, zero_end, prot, false);
  }
  return 0;
}

/** Maps the interpreter at `base`. @returns its entry address, or -errno. */
function load_interpreter(k: Kernel, td: Thread, vm: vmspace, path: string, base: number): number {
  const imgp = exec_open(k, td, path);
  if (typeof imgp === 'number') return -imgp;
  const header = parse_header(imgp.image_header);
  if (header === null || (header.e_type !== ET_DYN && header.e_type !== ET_EXEC)) return -ENOEXEC;
  const offset = header.e_type === ET_DYN ? base : 0;
  for (const ph of header.phdrs) {
    if (ph.p_type !== PT_LOAD) continue;
    const error = load_section(k, vm, imgp.vp, imgp.image_size, ph, offset);
    if (error !== 0) return -error;
  }
  return header.e_entry + offset;
}

/** Sizes and addresses of text and data (vm_taddr ...), and the limits on them. */
function set_segments(td: Thread, vm: vmspace, header: elf_header, base: number): number {
  let text_size = 0;
  let data_size = 0;
  let total = 0;
  let text_addr = 0;
  let data_addr = 0;
  for (const ph of header.phdrs) {
    if (ph.p_type !== PT_LOAD || ph.p_memsz === 0) continue;
    const start = trunc_page(ph.p_vaddr + base);
    const size = round_page(ph.p_vaddr + base + ph.p_memsz) - start;
    // The segment with the entry point is text, the highest other one data.
    const holds_entry = header.e_entry >= ph.p_vaddr && header.e_entry < ph.p_vaddr + ph.p_memsz;
    if (ph.p_flags & PF_X && (holds_entry || text_size < size)) {
      text_size = size;
      text_addr = start;
    } else {
      data_size = size;
      data_addr = start;
    }
    total += size;
  }
  if (data_addr === 0 && data_size === 0) {
    data_addr = text_addr;
    data_size = text_size;
  }
  const p = td.td_proc;
  if (data_size > lim_cur(p, RLIMIT_DATA) || total > lim_cur(p, RLIMIT_VMEM)) return ENOMEM;
  vm.vm_tsize = text_size / PAGE_SIZE;
  vm.vm_taddr = text_addr;
  vm.vm_dsize = data_size / PAGE_SIZE;
  vm.vm_daddr = data_addr;
  return 0;
}

function phdr_address(header: elf_header, base: number): number {
  const ph = header.phdrs.find((p) => p.p_type === PT_PHDR);
  if (ph !== undefined) return ph.p_vaddr + base;
  for (const load of header.phdrs) {
    const inside = header.e_phoff - load.p_offset;
    if (load.p_type !== PT_LOAD || inside < 0) continue;
    if (inside + header.e_phnum * PHDR_BYTES <= load.p_filesz) return load.p_vaddr + inside + base;
  }
  return 0;
}

/** Loads the segments into `vm`, which is the current address space; fills entry and auxargs. */
function load(k: Kernel, td: Thread, imgp: image_params, _sv: sysentvec, vm: vmspace): number {
  const header = parse_header(imgp.image_header) as elf_header;
  const interp = interpreter_of(k, imgp, header);
  if (typeof interp === 'number') return interp;
  const first = header.phdrs.find((ph) => ph.p_type === PT_LOAD) as elf_phdr;
  let base = 0;
  if (header.e_type === ET_DYN && trunc_page(first.p_vaddr) === 0) base = ET_DYN_LOAD_ADDR;
  for (const ph of header.phdrs) {
    if (ph.p_type !== PT_LOAD) continue;
    const error = load_section(k, vm, imgp.vp, imgp.image_size, ph, base);
    if (error !== 0) return error;
  }
  const limited = set_segments(td, vm, header, base);
  if (limited !== 0) return limited;
  imgp.reloc_base = base;
  const entry = header.e_entry + base;
  let at_base = 0;
  imgp.entry_addr = entry;
  if (interp !== '') {
    at_base = round_page(vm.vm_daddr + lim_max(td.td_proc, RLIMIT_DATA));
    const start = load_interpreter(k, td, vm, interp, at_base);
    if (start < 0) return -start;
    imgp.entry_addr = start;
  }
  imgp.auxargs = [
    [AT_PHDR, phdr_address(header, base)],
    [AT_PHENT, PHDR_BYTES],
    [AT_PHNUM, header.e_phnum],
    [AT_PAGESZ, PAGE_SIZE],
    [AT_FLAGS, 0],
    [AT_ENTRY, entry],
    [AT_BASE, at_base],
  ];
  return 0;
}

/** Checks the file and says which ABI it is for, before anything is changed. */
function identify(k: Kernel, _td: Thread, imgp: image_params): sysentvec | number {
  const header = parse_header(imgp.image_header);
  if (header === null) return ENOEXEC;
  if (header.e_type !== ET_EXEC && header.e_type !== ET_DYN) return ENOEXEC;
  const loads = header.phdrs.filter((ph) => ph.p_type === PT_LOAD);
  if (loads.length === 0) return ENOEXEC;
  const interp = interpreter_of(k, imgp, header);
  if (typeof interp === 'number') return interp;
  // A shared library without an interpreter and without an entry is no program.
  const dynamic = header.phdrs.some((ph) => ph.p_type === PT_DYNAMIC);
  if (header.e_type === ET_DYN && interp === '' && (header.e_entry === 0 || !dynamic))
    return ENOEXEC;
  const stack = header.phdrs.find((ph) => ph.p_type === PT_GNU_STACK);
  if (stack !== undefined) {
    const prot = prot_of(stack.p_flags);
    imgp.stack_prot = (prot & VM_PROT_EXECUTE) | VM_PROT_READ | VM_PROT_WRITE;
  }
  return brand_of(k, imgp, header, interp) ?? ENOEXEC;
}

export const exec_elf_imgact = { identify, load };
