// Looking into a run: `run --show COMMAND [--at COUNT]` and `explain PROGRAM ADDRESS`. Both look
// once: at an instruction count, at a breakpoint, or when the process exits and still has its memory.

import { EAX, EBP, EBX, ECX, EDI, EDX, ESI, ESP, FLAG_RF } from '../../emulator/index.js';
import {
  DbError,
  EV_PROC,
  db_check,
  db_explain,
  db_show,
  explanation_text,
} from '../../kernel/index.js';
import type { EventStream, Kernel } from '../../kernel/index.js';
import { UsageError, parseCount, valueOf } from './options.js';
import type { ParsedOptions } from './options.js';
import type { Symbols } from './symbols.js';

/** What a session asks at its stops. */
export interface Inspection {
  /** Instruction count at which to stop, Infinity for none. */
  readonly at: number;
  /** The session need not go on. */
  ended(): boolean;
  /** The event stream with the exits that matter noticed. */
  listen(base: EventStream): EventStream;
  /** The program has been loaded. */
  attach(k: Kernel): void;
  /** The machine has executed `at` instructions. */
  counted(k: Kernel): void;
  /** The machine is in front of a breakpoint. */
  broke(k: Kernel): void;
  /** The run is over, one way or another. @throws UsageError when there was no chance to look. */
  finish(k: Kernel): void;
}

const REGISTERS: Record<string, number> = {
  eax: EAX, ecx: ECX, edx: EDX, ebx: EBX, esp: ESP, ebp: EBP, esi: ESI, edi: EDI,
}; // prettier-ignore

/** When to look, and what then. */
interface Plan {
  at: number;
  breakpoint: string | null;
  pid: number | null;
  symbols: Symbols;
  /** @throws DbError. */
  look(k: Kernel): void;
  /** Whether the run ends with the look. */
  only: boolean;
}

/** A number, a symbol, symbol+N, or $register (when `k` is given). */
function addressOf(text: string, symbols: Symbols, k: Kernel | null): number {
  const [, head, sign, tail] = /^(.+?)(?:([+-])(0x[0-9a-f]+|\d+))?$/i.exec(text) ?? [];
  let base = NaN;
  if (head !== undefined) {
    const register = head.startsWith('$') ? head.slice(1) : '';
    if (/^(0x[0-9a-f]+|\d+)$/i.test(head)) base = Number(head);
    else if (symbols.has(head)) base = symbols.get(head) as number;
    else if (register === 'eip' && k !== null) base = k.machine.cpu.eip >>> 0;
    else if (Object.hasOwn(REGISTERS, register) && k !== null)
      base = k.machine.cpu.getReg(REGISTERS[register]) >>> 0;
  }
  const address = base + (tail === undefined ? 0 : Number(`${sign}1`) * Number(tail));
  if (address >= 0 && address <= 0xffffffff) return address;
  throw new UsageError(
    `'${text}' is neither an address nor a symbol${symbols.size === 0 ? ' (the program has none)' : ' of the program'}`,
  );
}

class Inspector implements Inspection {
  readonly #plan: Plan;
  #kernel: Kernel | null = null;
  #looked = false;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  get at(): number {
    return this.#looked ? Infinity : this.#plan.at;
  }

  ended(): boolean {
    return this.#looked && this.#plan.only;
  }

  #look(k: Kernel): void {
    if (this.#looked) return;
    this.#looked = true;
    const { breakpoint, symbols } = this.#plan;
    if (breakpoint !== null) k.machine.setBreakpoint(addressOf(breakpoint, symbols, null), false);
    try {
      this.#plan.look(k);
    } catch (error) {
      if (error instanceof DbError) throw new UsageError(error.message);
      throw error;
    }
  }

  listen(base: EventStream): EventStream {
    const { at, breakpoint } = this.#plan;
    if (at !== Infinity || breakpoint !== null) return base;
    return {
      mask: base.mask | EV_PROC,
      emit: (event) => {
        if (event.type !== 'proc') return base.emit(event);
        if (event.op === 'exit') this.#exiting(event.pid);
        if (base.mask & EV_PROC) base.emit(event);
      },
    };
  }

  /** The memory of a process that exits is about to go. */
  #exiting(pid: number): void {
    const k = this.#kernel;
    const wanted = this.#plan.pid ?? k?.kern.mainproc?.p_pid;
    if (k !== null && pid === wanted) this.#look(k);
  }

  attach(k: Kernel): void {
    this.#kernel = k;
    const { breakpoint, symbols } = this.#plan;
    if (breakpoint !== null) k.machine.setBreakpoint(addressOf(breakpoint, symbols, null), true);
  }

  counted(k: Kernel): void {
    this.#look(k);
  }

  broke(k: Kernel): void {
    const { pid } = this.#plan;
    if (pid === null || k.kern.curthread?.td_proc.p_pid === pid) this.#look(k);
    // The instruction executes although it has a breakpoint (SDM 3B §17.3.1.1).
    k.machine.cpu.eflags |= FLAG_RF;
  }

  finish(k: Kernel): void {
    if (this.#looked) return;
    const { at, breakpoint, pid } = this.#plan;
    if (at === Infinity && breakpoint === null && pid === null) {
      // A limit ended the run: everything is still there.
      this.#look(k);
      return;
    }
    const what =
      at !== Infinity ? `--at ${at}` : breakpoint !== null ? `--break ${breakpoint}` : '';
    const never = what === '' ? `no process ${pid as number} exited` : `${what} was not reached`;
    throw new UsageError(`${never} in ${k.machine.instructions} instructions`);
  }
}

function countOf(options: ParsedOptions): number {
  const at = valueOf(options, 'at');
  return at === undefined ? Infinity : parseCount('--at', at);
}

/** The inspection that --show and --at ask for, or null. @throws UsageError. */
export function showInspection(
  options: ParsedOptions,
  write: (line: string) => void,
): Inspection | null {
  const commands = options.values.get('show') ?? [];
  const at = countOf(options);
  if (commands.length === 0) {
    if (at !== Infinity) throw new UsageError('--at is for --show');
    return null;
  }
  for (const command of commands) {
    try {
      db_check(command);
    } catch (error) {
      if (error instanceof DbError) throw new UsageError(`--show: ${error.message}`);
      throw error;
    }
  }
  const json = options.flags.has('json');
  const look = (k: Kernel): void => {
    for (const command of commands) {
      const { command: show, data, text } = db_show(k, command);
      write(json ? JSON.stringify({ show, data }) : `${show}\n${text}`);
    }
  };
  return new Inspector({ at, breakpoint: null, pid: null, symbols: new Map(), look, only: false });
}

/** The inspection of `explain`. `write` gets its result. @throws UsageError. */
export function explainInspection(
  options: ParsedOptions,
  address: string,
  symbols: Symbols,
  write: (text: string) => void,
): Inspection {
  const at = countOf(options);
  const breakpoint = valueOf(options, 'break') ?? null;
  if (at !== Infinity && breakpoint !== null)
    throw new UsageError('--at and --break exclude each other');
  if (breakpoint !== null) addressOf(breakpoint, symbols, null);
  // Registers are known later; everything else can be refused at once.
  if (!address.startsWith('$')) addressOf(address, symbols, null);
  const pidText = valueOf(options, 'pid');
  const pid = pidText === undefined ? null : parseCount('--pid', pidText);
  const json = options.flags.has('json');
  const look = (k: Kernel): void => {
    const explanation = db_explain(k, addressOf(address, symbols, k), pid);
    if (explanation === null) {
      const who = pid === null ? 'the process' : `process ${pid}`;
      throw new UsageError(`${who} is not there any more, or has no memory`);
    }
    const name = /^(0x)?\d/i.test(address) ? '' : address;
    write(json ? JSON.stringify(explanation) : explanation_text(explanation, name));
  };
  return new Inspector({ at, breakpoint, pid, symbols, look, only: true });
}
