// Multiboot (version 0.6.96): finding the header, loading the kernel, and the information for it.

/** Where the boot loader's word for itself is expected, in EAX. */
export const MULTIBOOT_BOOTED = 0x2badb002;

const HEADER_MAGIC = 0x1badb002;
const HEADER_SEARCH = 8192;
const PAGE = 4096;

const WANTS_ADDRESSES = 1 << 16;
/** Modules on pages, memory map, video mode: what loaders must know of bits 0-15. */
const UNDERSTOOD = 7;

const INFO_MEMORY = 1;
const INFO_COMMAND_LINE = 4;
const INFO_MODULES = 8;
const INFO_MEMORY_MAP = 0x40;
const INFO_LOADER = 0x200;
const INFO_BYTES = 116;

export class BootError extends Error {
  override name = 'BootError';
}

export interface BootModule {
  bytes: Uint8Array;
  /** File name and arguments. */
  text: string;
}

export interface LoadedKernel {
  entry: number;
  /** Physical address of the multiboot information. */
  info: number;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);

/** Offset of the multiboot header, or -1. */
export function findHeader(image: Uint8Array): number {
  const last = Math.min(image.length, HEADER_SEARCH) - 12;
  for (let at = 0; at <= last; at += 4) {
    if (u32(image, at) !== HEADER_MAGIC) continue;
    if (((HEADER_MAGIC + u32(image, at + 4) + u32(image, at + 8)) | 0) === 0) return at;
  }
  return -1;
}

/** A part of the image and where it goes. */
interface Part {
  address: number;
  bytes: Uint8Array;
  /** Bytes in memory; what the image does not have is 0. */
  length: number;
}

function partsByAddresses(image: Uint8Array, header: number): { parts: Part[]; entry: number } {
  if (image.length < header + 32) throw new BootError('the multiboot header is cut off');
  const [headerAddress, load, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((offset) =>
    u32(image, header + offset),
  );
  const first = header - (headerAddress - load);
  const length = loadEnd === 0 ? image.length - first : loadEnd - load;
  if (first < 0 || length < 0 || first + length > image.length)
    throw new BootError('the addresses in the multiboot header do not fit the image');
  const bytes = image.subarray(first, first + length);
  const parts = [
    { address: load, bytes, length: Math.max(length, bssEnd === 0 ? 0 : bssEnd - load) },
  ];
  return { parts, entry };
}

function partsOfElf(image: Uint8Array): { parts: Part[]; entry: number } {
  const isElf = image.length >= 52 && u32(image, 0) === 0x464c457f;
  if (!isElf || image[4] !== 1 || u32(image, 16) >>> 16 !== 3)
    throw new BootError('the multiboot kernel is neither ELF for i386 nor has it load addresses');
  const first = u32(image, 28);
  const size = u32(image, 40) >>> 16;
  const count = u32(image, 44) & 0xffff;
  const parts: Part[] = [];
  for (let n = 0; n < count; n++) {
    const at = first + n * size;
    if (at + 32 > image.length) throw new BootError('a program header lies outside the image');
    if (u32(image, at) !== 1) continue;
    const [offset, address, fileBytes, length] = [4, 12, 16, 20].map((o) => u32(image, at + o));
    if (offset + fileBytes > image.length)
      throw new BootError('a segment of the kernel lies outside the image');
    parts.push({ address, bytes: image.subarray(offset, offset + fileBytes), length });
  }
  if (parts.length === 0) throw new BootError('the kernel has nothing to load');
  return { parts, entry: u32(image, 24) };
}

const pageUp = (address: number): number => Math.ceil(address / PAGE) * PAGE;

/**
 * Loads a multiboot kernel and its modules into `ram`.
 * @throws BootError when it is malformed, wants what is not there, or does not fit.
 */
export function loadMultiboot(
  ram: Uint8Array,
  image: Uint8Array,
  commandLine: string,
  modules: readonly BootModule[],
): LoadedKernel {
  const header = findHeader(image);
  const flags = u32(image, header + 4);
  if (flags & 0xffff & ~UNDERSTOOD)
    throw new BootError('the kernel wants multiboot features that are not there');
  const { parts, entry } =
    flags & WANTS_ADDRESSES ? partsByAddresses(image, header) : partsOfElf(image);
  let end = 1 << 20;
  for (const { address, bytes, length } of parts) {
    if (address + Math.max(length, bytes.length) > ram.length)
      throw new BootError('the kernel does not fit into memory: more with --mem');
    ram.fill(0, address, address + length);
    ram.set(bytes, address);
    end = Math.max(end, address + length);
  }

  const place = (bytes: number, alignment: number): number => {
    const at = Math.ceil(end / alignment) * alignment;
    if (at + bytes > ram.length)
      throw new BootError('the modules do not fit into memory: more with --mem');
    end = at + bytes;
    return at;
  };
  const text = (value: string): number => {
    const bytes = Buffer.from(`${value}\0`, 'latin1');
    const at = place(bytes.length, 1);
    ram.set(bytes, at);
    return at;
  };
  end = pageUp(end);
  const placed = modules.map((module) => {
    const start = place(module.bytes.length, PAGE);
    ram.set(module.bytes, start);
    return { start, end: start + module.bytes.length, text: module.text };
  });
  const view = new DataView(ram.buffer, ram.byteOffset, ram.length);
  const words = (values: readonly number[]): number => {
    const at = place(values.length * 4, 4);
    values.forEach((value, i) => view.setUint32(at + 4 * i, value, true));
    return at;
  };
  const info = place(INFO_BYTES, PAGE);
  ram.fill(0, info, info + INFO_BYTES);
  const line = text(commandLine);
  const loader = text('Faultline');
  const list = words(placed.flatMap((m) => [m.start, m.end, text(m.text), 0]));
  const upper = ram.length - (1 << 20);
  const map = words([
    ...[20, 0, 0, 0x9fc00, 0, 1],
    ...[20, 0x9fc00, 0, 0x60400, 0, 2],
    ...[20, 0x100000, 0, upper, 0, 1],
  ]);
  const set = (offset: number, value: number): void => view.setUint32(info + offset, value, true);
  const modulesFlag = placed.length > 0 ? INFO_MODULES : 0;
  set(0, INFO_MEMORY | INFO_COMMAND_LINE | INFO_MEMORY_MAP | INFO_LOADER | modulesFlag);
  set(4, 640);
  set(8, upper >>> 10);
  set(16, line);
  set(20, placed.length);
  set(24, list);
  set(44, 72);
  set(48, map);
  set(64, loader);
  return { entry, info };
}
