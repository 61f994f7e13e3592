// A machine that counts how often each instruction of the program under test is executed, and in which
// chain of calls. It executes one at a time, which changes nothing but the speed.

import { Machine } from '../../emulator/index.js';
import type { Exit, MachineOptions } from '../../emulator/index.js';
import { FormatError, SymbolFile, mapEntries } from '../../debugger/index.js';
import type { Kernel, Proc, Thread } from '../../kernel/index.js';
import type { ExecutionCounts } from './types.js';

type ElfSymbol = SymbolFile['elf']['symbols'][number];

const PAGE = 4096;
/** Longest instruction that calls: FF /2 with SIB and displacement. */
const LONGEST_CALL = 7;
const SHORTEST_CALL = 2;
const DEEPEST = 256;
/** Number of the stack pointer among the general registers. */
const ESP = 4;

/** A node of the tree of calls. */
interface CallNode {
  name: string;
  parent: CallNode | null;
  callees: Map<string, CallNode>;
  count: number;
  depth: number;
}

/** Where a thread stands in the tree. */
interface CallStack {
  node: CallNode;
  /** Stack pointers at the entries of the functions, outermost first. */
  entries: number[];
  program: string;
}

function callee(node: CallNode, name: string): CallNode {
  const known = node.callees.get(name);
  if (known !== undefined) return known;
  const made = { name, parent: node, callees: new Map(), count: 0, depth: node.depth + 1 };
  node.callees.set(name, made);
  return made;
}

/** Symbols that stand for functions, by address: labels inside of a function do not. */
function functionsOf(symbols: SymbolFile): ElfSymbol[] {
  let end = 0;
  return symbols.elf.symbols.filter(({ kind, name, address, size }) => {
    if (kind === 'object' || name === '' || name.startsWith('.')) return false;
    if (kind === 'label' && address < end) return false;
    end = Math.max(end, address + size);
    return true;
  });
}

const root = (): CallNode => ({ name: '', parent: null, callees: new Map(), count: 0, depth: 0 });

export class CountingMachine extends Machine {
  /** Set when there is one. */
  kernel: Kernel | null = null;
  readonly #symbols: SymbolFile | null = null;
  readonly #path: string;
  readonly #profiling: boolean;
  /** By linear page. */
  readonly #pages = new Map<number, Float64Array>();
  #relocation: number | null = null;
  readonly #tree = root();
  readonly #stacks = new WeakMap<Thread, CallStack>();
  /** The last thread of each process that ran, whose stack a child begins with. */
  readonly #last = new WeakMap<Proc, CallStack>();
  #functions: ElfSymbol[] | null = null;
  #range = { low: 1, high: 0, name: '' };
  readonly #word = new Uint8Array(4);

  /** `program` is what process images at guest path `path` are. */
  constructor(
    options: MachineOptions,
    program: Uint8Array | null,
    path: string,
    profiling: boolean,
  ) {
    super(options);
    this.#path = path;
    this.#profiling = profiling;
    try {
      if (program !== null) this.#symbols = new SymbolFile(path, program);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }

  override run(maxInstructions: number): Exit {
    const td = this.kernel?.kern.curthread ?? null;
    if (td === null) return super.run(maxInstructions);
    const ours = td.td_proc.p_textpath === this.#path && this.#symbols !== null;
    if (!ours && !this.#profiling) return super.run(maxInstructions);
    if (ours) this.#relocation ??= this.#relocate(td.td_proc);
    const stack = this.#profiling ? this.#stackOf(td) : null;
    const { cpu } = this;
    let continued = -1;
    for (let done = 0; ;) {
      const pc = cpu.eip >>> 0;
      if (stack !== null) this.#settle(stack, ours, pc);
      const before = this.instructions;
      const sp = cpu.getReg(ESP) >>> 0;
      const exit = super.run(1);
      if (this.instructions > before) {
        // A repeated string instruction stays where it is; it was executed once.
        if (ours && pc !== continued) this.#count(pc);
        continued = cpu.eip >>> 0 === pc && this.#repeats(pc) ? pc : -1;
        if (stack !== null) {
          stack.node.count++;
          if (cpu.getReg(ESP) >>> 0 === sp - 4) this.#maybeCalled(stack, pc, sp - 4);
        }
        done++;
      }
      if (exit.kind !== 'budget' || done >= maxInstructions) return exit;
    }
  }

  #relocate(p: Proc): number {
    const symbols = this.#symbols;
    if (symbols === null || !symbols.elf.relocatable) return 0;
    const first = Math.min(...symbols.elf.segments.map(({ vaddr }) => vaddr - (vaddr % PAGE)));
    for (const entry of mapEntries(p)) {
      let object = entry.object;
      while (object?.backing_object) object = object.backing_object;
      if (object !== null && object === p.p_textvp?.v_object)
        return entry.start - entry.offset - first;
    }
    return 0;
  }

  #count(pc: number): void {
    const page = pc >>> 12;
    let counts = this.#pages.get(page);
    if (counts === undefined) this.#pages.set(page, (counts = new Float64Array(PAGE)));
    counts[pc & (PAGE - 1)]++;
  }

  #repeats(pc: number): boolean {
    this.peek(pc, this.#word);
    return this.#word[0] === 0xf2 || this.#word[0] === 0xf3;
  }

  #stackOf(td: Thread): CallStack {
    const program = td.td_proc.p_textpath;
    let stack = this.#stacks.get(td);
    if (stack === undefined || stack.program !== program) {
      const parent = td.td_proc.p_pptr === null ? undefined : this.#last.get(td.td_proc.p_pptr);
      if (stack === undefined && parent?.program === program)
        stack = { node: parent.node, entries: [...parent.entries], program };
      else {
        const name = Buffer.from(program.slice(program.lastIndexOf('/') + 1), 'latin1').toString();
        stack = { node: callee(this.#tree, name), entries: [], program };
      }
      this.#stacks.set(td, stack);
    }
    this.#last.set(td.td_proc, stack);
    return stack;
  }

  /** Leaves the functions that have returned, and names the one that `pc` is in. */
  #settle(stack: CallStack, ours: boolean, pc: number): void {
    const { entries } = stack;
    const sp = this.cpu.getReg(ESP) >>> 0;
    while (entries.length > 1 && sp > entries[entries.length - 1]) {
      entries.pop();
      stack.node = stack.node.parent ?? this.#tree;
    }
    const name = ours ? this.#functionAt(pc) : '[no symbols]';
    if (entries.length === 0) {
      entries.push(0xffffffff);
      stack.node = callee(stack.node, name);
    } else if (stack.node.name !== name) {
      // A tail call, a signal handler, or longjmp().
      stack.node = callee(stack.node.parent ?? this.#tree, name);
    }
  }

  #functionAt(pc: number): string {
    const range = this.#range;
    if (pc >= range.low && pc < range.high) return range.name;
    const symbols = this.#symbols;
    const relocation = this.#relocation ?? 0;
    if (symbols === null) return '[no symbols]';
    this.#functions ??= functionsOf(symbols);
    const at = pc - relocation;
    let index = this.#functions.length - 1;
    while (index >= 0 && this.#functions[index].address > at) index--;
    if (index < 0 || !symbols.contains(at)) return '[outside]';
    const found = this.#functions[index];
    const next = this.#functions[index + 1]?.address ?? at + 1;
    const high = Math.max(at + 1, next) + relocation;
    this.#range = { low: found.address + relocation, high, name: found.name };
    return found.name;
  }

  /** A word was pushed: a call, when it is the address behind and the program goes on elsewhere. */
  #maybeCalled(stack: CallStack, pc: number, sp: number): void {
    const word = this.#word;
    if (this.peek(sp, word) < 4) return;
    const pushed = (word[0] | (word[1] << 8) | (word[2] << 16) | (word[3] << 24)) >>> 0;
    const length = pushed - pc;
    const next = this.cpu.eip >>> 0;
    if (length < SHORTEST_CALL || length > LONGEST_CALL || next === pushed) return;
    if (stack.node.depth >= DEEPEST) return;
    const ours = stack.program === this.#path && this.#symbols !== null;
    stack.entries.push(sp);
    stack.node = callee(stack.node, ours ? this.#functionAt(next) : '[no symbols]');
  }

  /** What was counted; addresses are those of the program's file. */
  counts(): ExecutionCounts {
    const addresses: number[] = [];
    for (const [page, counts] of this.#pages) {
      counts.forEach((count, i) => {
        if (count > 0) addresses.push(page * PAGE + i - (this.#relocation ?? 0), count);
      });
    }
    const stacks: [string, number][] = [];
    const visit = (node: CallNode, path: string): void => {
      if (node.count > 0) stacks.push([path, node.count]);
      for (const [name, child] of node.callees)
        visit(child, path === '' ? name : `${path};${name}`);
    };
    visit(this.#tree, '');
    return { addresses, stacks };
  }
}
