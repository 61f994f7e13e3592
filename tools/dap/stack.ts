// Threads, their frames, and the scopes of a frame.

import { basename } from 'node:path';
import {
  DWARF_REGISTERS,
  Inspection,
  REGISTER_NAMES,
  hex,
  lookupPc,
} from '../../debugger/index.js';
import type { Frame, Value } from '../../debugger/index.js';
import type { Proc, Thread } from '../../kernel/index.js';
import { addressNode, counterNodes, faultNodes, mapNodes } from './kernel_nodes.js';
import type { FrameScope, Node } from './nodes.js';
import { RequestError } from './protocol.js';
import type { Source, StackFrame } from './protocol.js';
import type { Target } from './target.js';
import { registerNode, valueNode } from './value_nodes.js';
import type { Viewpoint } from './value_nodes.js';

const FRAMES_MAX = 10_000;
const FPU = ['st0', 'st1', 'st2', 'st3', 'st4', 'st5', 'st6', 'st7', 'fctrl', 'fstat', 'ftag', 'fiseg', 'fioff', 'foseg', 'fooff', 'fop']; // prettier-ignore

/** A frame that the client knows by a number. */
interface FramePlace {
  tid: number;
  level: number;
}

/** A scope of a frame: the node whose children it has, and how it is shown. */
export interface ShownScope {
  node: Node;
  hint?: 'arguments' | 'locals' | 'registers';
  /** To be shown only when somebody opens it. */
  expensive: boolean;
}

export class Stack {
  readonly #target: Target;
  readonly #onChange: () => void;
  readonly #frames = new Map<number, FramePlace>();
  #nextFrame = 1;
  readonly #inspections = new Map<string, Inspection>();

  constructor(target: Target, onChange: () => void) {
    this.#target = target;
    this.#onChange = onChange;
  }

  /** The guest has moved: frames are others. */
  clear(): void {
    this.#frames.clear();
    this.#inspections.clear();
  }

  /** Threads of the processes that are debugged. */
  threads(): Thread[] {
    const { control } = this.#target.session;
    if (control === null) return [];
    return control.inferiors
      .filter(({ exited }) => !exited)
      .flatMap(({ pid }) => control.process(pid)?.p_threads ?? [])
      .filter((td) => td.td_proc.p_vmspace !== null);
  }

  processes(): Proc[] {
    return [...new Set(this.threads().map((td) => td.td_proc))];
  }

  /** @throws RequestError when there is no such thread. */
  thread(tid: number): Thread {
    const found = this.threads().find((td) => td.td_tid === tid);
    if (found === undefined) throw new RequestError(`there is no thread ${tid}`);
    return found;
  }

  #inspection({ tid, level }: FramePlace): Inspection {
    const key = `${tid}:${level}`;
    const known = this.#inspections.get(key);
    if (known !== undefined) return known;
    const { session, control } = this.#target;
    const td = this.thread(tid);
    const symbols = session.programs.of(td.td_proc);
    const made = new Inspection(control.kernel, td, symbols, session.variables, () =>
      control.timeline?.changed(),
    );
    made.level = level;
    this.#inspections.set(key, made);
    return made;
  }

  /** @throws RequestError for a frame of an earlier stop. */
  place(frameId: number): FramePlace {
    const place = this.#frames.get(frameId);
    if (place === undefined) throw new RequestError(`there is no frame ${frameId} now`);
    return place;
  }

  /** From where expressions are seen: a frame, or without one the innermost of the current thread. */
  view(frameId: number | undefined, inHex = false): Viewpoint {
    const { session } = this.#target;
    let look: () => Inspection = () => session.inspection;
    if (frameId !== undefined) {
      const place = this.place(frameId);
      look = () => this.#inspection(place);
    } else {
      const td = session.alive ? (session.control?.thread ?? null) : null;
      if (td !== null) look = () => this.#inspection({ tid: td.td_tid, level: 0 });
    }
    return {
      inspection: look,
      hex: inHex,
      changed: () => {
        this.#inspections.clear();
        session.moved();
        this.#onChange();
      },
    };
  }

  /** Makes a frame the one that the debugger's own commands see. */
  select(frameId: number | undefined): void {
    if (frameId === undefined) return;
    const { tid, level } = this.place(frameId);
    const { session, control } = this.#target;
    const td = this.thread(tid);
    if (control.thread === td && session.inspection.level === level) return;
    control.thread = td;
    session.moved();
    session.inspection.level = level;
  }

  source(file: string): Source | null {
    if (!this.#target.hasSource(file)) return null;
    const path = this.#target.localPath(file);
    return { name: basename(path), path };
  }

  /** The answer to a stackTrace request. `total` is more than there are when they go on. */
  trace(tid: number, start: number, levels: number): { frames: StackFrame[]; total: number } {
    void this.#target.control;
    const inspection = this.#inspection({ tid, level: 0 });
    const frames: StackFrame[] = [];
    const end = Math.min(FRAMES_MAX, levels === 0 ? FRAMES_MAX : start + levels);
    let level = start;
    for (; level < end; level++) {
      const frame = inspection.frame(level);
      if (frame === null) break;
      frames.push(this.#describe(inspection, frame, tid));
    }
    if (level < end && start > 0 && frames.length === 0) {
      let total = 0;
      while (inspection.frame(total) !== null) total++;
      return { frames, total };
    }
    return { frames, total: inspection.frame(level) === null ? level : level + 1 };
  }

  #describe(inspection: Inspection, frame: Frame, tid: number): StackFrame {
    const line = inspection.symbols?.lineAt(lookupPc(frame)) ?? null;
    const hasLine = line !== null && line.line !== 0;
    const source = hasLine ? this.source(line.file) : null;
    const id = this.#nextFrame++;
    this.#frames.set(id, { tid, level: frame.level });
    const name = frame.isSignal ? '<signal handler called>' : (frame.name ?? hex(frame.pc));
    return {
      id,
      name,
      ...(source === null ? {} : { source }),
      line: hasLine ? line.line : 0,
      column: 0,
      instructionPointerReference: hex(frame.pc),
      ...(inspection.thread === null ? {} : { moduleId: inspection.thread.td_proc.p_textpath }),
      presentationHint: frame.isSignal ? 'label' : source === null ? 'subtle' : 'normal',
    };
  }

  /** The scopes of a frame. */
  scopes(frameId: number): ShownScope[] {
    const { control } = this.#target;
    const place = this.place(frameId);
    const view = this.view(frameId);
    const { kernel, events } = control;
    const { p_pid } = this.thread(place.tid).td_proc;
    const scope = (name: string, children: () => Node[]): ShownScope => ({
      node: { name, value: '', children },
      expensive: true,
    });
    return [
      {
        ...scope('Arguments', () => this.#locals(view, true)),
        hint: 'arguments',
        expensive: false,
      },
      { ...scope('Locals', () => this.#locals(view, false)), hint: 'locals', expensive: false },
      scope('Globals', () => this.#globals(view)),
      { ...scope('Registers', () => registers(view, REGISTER_NAMES)), hint: 'registers' },
      { ...scope('Floating point', () => registers(view, FPU)), hint: 'registers' },
      scope('Address space', () => mapNodes(kernel, p_pid)),
      scope('Page tables', () => {
        const frame = view.inspection().frame(place.level);
        if (frame === null) return [];
        const esp = frame.registers[DWARF_REGISTERS.indexOf('esp')];
        return [
          addressNode(kernel, p_pid, 'eip', frame.pc),
          ...(esp === null ? [] : [addressNode(kernel, p_pid, 'esp', esp)]),
        ];
      }),
      scope('Last faults', () => faultNodes(events)),
      scope('Kernel counters', () => counterNodes(kernel)),
    ];
  }

  #locals(view: Viewpoint, isArgument: boolean): Node[] {
    const inspection = view.inspection();
    const frame = inspection.selected;
    if (frame === null) return [];
    const seen = new Set<string>();
    return inspection
      .locals(frame)
      .map(({ name, die, isArgument: argument }) => {
        // One of an outer block has no expression while an inner one hides it.
        const hidden = seen.has(name);
        seen.add(name);
        const value = inspection.variableValue(die, frame);
        return {
          argument,
          node: valueNode(name, value, hidden ? null : name, view, frameScope(inspection, value)),
        };
      })
      .filter(({ argument }) => argument === isArgument)
      .map(({ node }) => node);
  }

  #globals(view: Viewpoint): Node[] {
    const inspection = view.inspection();
    const names = inspection.symbols?.globalNames() ?? [];
    return [...names].sort().flatMap((name) => {
      const [die] = inspection.symbols?.globals(name) ?? [];
      if (die === undefined) return [];
      return [valueNode(name, inspection.variableValue(die, inspection.selected), name, view)];
    });
  }
}

/** The frame in which a local lives; null for a static one, and in the outermost frame. */
export function frameScope(inspection: Inspection, value: Value): FrameScope {
  const frame = inspection.selected;
  if (frame === null || value.place.kind !== 'memory') return null;
  if (inspection.symbols?.contains(value.place.address) === true) return null;
  const up = inspection.callerOf(frame);
  return up === null ? null : { cfa: frame.cfa, returnAddress: up.pc };
}

function registers(view: Viewpoint, names: readonly string[]): Node[] {
  return names.flatMap((name) => registerNode(name, view) ?? []);
}
