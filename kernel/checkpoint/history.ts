// Checkpoints of a machine and its kernel. Each holds only what has changed since the one before it:
// objects by their contents, RAM by its pages. So memory grows with what a program does, and any
// moment is put together from the first checkpoint on.

import { BUDGET } from '../../emulator/index.js';
import type { MachineImage } from '../../emulator/index.js';
import type { Kernel } from '../sys/kernel.js';
import { captureChanges, digestGraph, restoreContents } from './graph.js';
import type { Boundary, Contents, Digest, Images, SameBytes } from './graph.js';

const PAGE = 4096;
/** RAM is compared in pieces of this size first. */
const PIECE = 65536;
const ZERO = new Uint8Array(PAGE);

/** A moment. Only its history can make sense of it. */
export interface Checkpoint {
  /** Instructions executed before it. */
  readonly instructions: number;
  readonly machine: MachineImage;
  /** What differs from the checkpoint before. */
  readonly objects: Images;
  readonly pages: Map<number, Uint8Array>;
}

/** Where state begins, and where it ends. */
function rootsOf(k: Kernel): object[] {
  return [k.vm, k.pmap, k.kern, k.vfs, k.linux];
}

function boundaryOf(k: Kernel): Boundary {
  const outside = new Set<object>([k.machine, k.host, k.events, k.opts]);
  for (const { d_file } of k.vm.disks) if (d_file !== null) outside.add(d_file);
  return { objects: outside, memory: k.machine.memory.buffer };
}

export class History {
  readonly #kernel: Kernel;
  readonly #boundary: Boundary;
  readonly #same: SameBytes;
  readonly #checkpoints: Checkpoint[] = [];
  /** All contents and all of RAM as they were at the checkpoint that was taken or restored last. */
  #images: Images = new Map();
  readonly #shadow: Uint8Array;
  #current: Checkpoint | null = null;

  /** => nothing of the kernel's state is in a file of the host (--swap-file). */
  constructor(k: Kernel, same: SameBytes) {
    this.#kernel = k;
    this.#boundary = boundaryOf(k);
    this.#same = same;
    this.#shadow = new Uint8Array(k.machine.ramBytes);
  }

  /** Oldest first. */
  get checkpoints(): readonly Checkpoint[] {
    return this.#checkpoints;
  }

  /** The last checkpoint at which at most so many instructions had been executed; or null. */
  before(instructions: number): Checkpoint | null {
    let low = 0;
    let high = this.#checkpoints.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#checkpoints[middle].instructions <= instructions) low = middle + 1;
      else high = middle;
    }
    return this.#checkpoints[low - 1] ?? null;
  }

  /**
   * Takes a checkpoint of the present moment, behind the one that was taken or restored last.
   * => between the two, the system has only run.
   */
  take(): Checkpoint {
    const k = this.#kernel;
    const at = this.#current === null ? 0 : this.#checkpoints.indexOf(this.#current) + 1;
    const next = this.#checkpoints[at] as Checkpoint | undefined;
    const old = next === undefined ? null : new Map(this.#images);
    const pages = new Map<number, Uint8Array>();
    this.#changedPages((frame, from) => {
      const page = k.machine.ram8.slice(from, from + PAGE);
      if (next !== undefined && !next.pages.has(frame))
        next.pages.set(frame, this.#shadow.slice(from, from + PAGE));
      pages.set(frame, page);
      this.#shadow.set(page, from);
    });
    const objects = captureChanges(rootsOf(k), this.#boundary, this.#images, this.#same);
    if (next !== undefined && old !== null) keep(next.objects, objects, old);
    const checkpoint = {
      instructions: k.machine.instructions,
      machine: k.machine.save(),
      objects,
      pages,
    };
    this.#checkpoints.splice(at, 0, checkpoint);
    this.#current = checkpoint;
    return checkpoint;
  }

  /** The checkpoint behind the one that was taken or restored last; null when that is the last. */
  get next(): Checkpoint | null {
    const at = this.#current === null ? 0 : this.#checkpoints.indexOf(this.#current) + 1;
    return (this.#checkpoints[at] as Checkpoint | undefined) ?? null;
  }

  /**
   * The system has run on to `next`, or about there: what changes from now on is told by that.
   * => next !== null
   */
  pass(): void {
    const { next } = this;
    if (next === null) return;
    for (const [object, contents] of next.objects) this.#images.set(object, contents);
    for (const [frame, page] of next.pages) this.#shadow.set(page, frame * PAGE);
    this.#current = next;
  }

  /** Makes a moment the present one. */
  restore(checkpoint: Checkpoint): void {
    const k = this.#kernel;
    const objects: Images = new Map();
    const pages = new Map<number, Uint8Array>();
    for (let i = this.#checkpoints.indexOf(checkpoint); i >= 0; i--) {
      const earlier = this.#checkpoints[i];
      for (const [object, contents] of earlier.objects)
        if (!objects.has(object)) objects.set(object, contents);
      for (const [frame, page] of earlier.pages) if (!pages.has(frame)) pages.set(frame, page);
    }
    for (const [object, contents] of objects) restoreContents(object, contents);
    this.#images = objects;
    this.#changedPages((frame) => {
      k.machine.ram8.set(this.#shadow.subarray(frame * PAGE, (frame + 1) * PAGE), frame * PAGE);
    });
    for (let frame = 0; frame < this.#shadow.length / PAGE; frame++) {
      const page = pages.get(frame) ?? ZERO;
      const from = frame * PAGE;
      if (this.#same(page, this.#shadow.subarray(from, from + PAGE))) continue;
      this.#shadow.set(page, from);
      k.machine.ram8.set(page, from);
    }
    k.machine.restore(checkpoint.machine);
    this.#current = checkpoint;
  }

  /** Forgets a checkpoint; those behind it stay what they are. */
  remove(checkpoint: Checkpoint): void {
    const at = this.#checkpoints.indexOf(checkpoint);
    if (at < 0 || checkpoint === this.#current) return;
    const next = this.#checkpoints[at + 1] as Checkpoint | undefined;
    if (next !== undefined) {
      for (const [object, contents] of checkpoint.objects)
        if (!next.objects.has(object)) next.objects.set(object, contents);
      for (const [frame, page] of checkpoint.pages)
        if (!next.pages.has(frame)) next.pages.set(frame, page);
    }
    this.#checkpoints.splice(at, 1);
  }

  /** Forgets everything behind the checkpoint that was taken or restored last: time goes on from it. */
  truncate(): void {
    const at = this.#current === null ? 0 : this.#checkpoints.indexOf(this.#current) + 1;
    this.#checkpoints.length = at;
  }

  /** Calls `visit` for every frame of RAM that differs from the shadow. `from` is in bytes. */
  #changedPages(visit: (frame: number, from: number) => void): void {
    const { ram8 } = this.#kernel.machine;
    for (let piece = 0; piece < ram8.length; piece += PIECE) {
      const end = Math.min(piece + PIECE, ram8.length);
      if (this.#same(ram8.subarray(piece, end), this.#shadow.subarray(piece, end))) continue;
      for (let from = piece; from < end; from += PAGE) {
        const shadow = this.#shadow.subarray(from, from + PAGE);
        if (!this.#same(ram8.subarray(from, from + PAGE), shadow)) visit(from / PAGE, from);
      }
    }
  }
}

/** `later` said what differs from `old`; it is to say what differs from `old` with `changed`. */
function keep(later: Images, changed: Images, old: ReadonlyMap<object, Contents>): void {
  for (const object of changed.keys()) {
    const before = old.get(object);
    if (before !== undefined && !later.has(object)) later.set(object, before);
  }
}

/** Feeds all state of machine and kernel to `digest`: what one may compare two systems by. */
export function digestSystem(k: Kernel, digest: Digest): void {
  const { machine } = k;
  const { state, instructions } = machine.save();
  digest.word(instructions);
  state[BUDGET] = 0; // how far the last run() might have gone
  for (const word of state) digest.word(word);
  const { ram32 } = machine;
  for (let at = 0; at < ram32.length; at += PAGE / 4) {
    const end = at + PAGE / 4;
    let first = at;
    while (first < end && ram32[first] === 0) first++;
    if (first === end) continue;
    digest.word(at);
    for (let i = at; i < end; i++) digest.word(ram32[i]);
  }
  digestGraph(rootsOf(k), boundaryOf(k), digest);
}
