// Values of the program as variables: structures, arrays and pointers can be opened.

import {
  ExpressionError,
  asInteger,
  dereference,
  elementOf,
  evaluate,
  formatInteger,
  formatValue,
  hex,
  memberOf,
  memoryValue,
  sizeOf,
  strip,
  typeName,
} from '../../debugger/index.js';
import type { Inspection, Type, Value } from '../../debugger/index.js';
import { flagNames } from '../repl/data_commands.js';
import type { FrameScope, Node } from './nodes.js';

/** The frame from which values are seen, and what becomes of a change. */
export interface Viewpoint {
  /** Of this stop; another one after a change. */
  inspection(): Inspection;
  /** After registers or memory were changed. */
  changed(): void;
  /** Numbers are wanted in hexadecimal. */
  hex: boolean;
}

/** The text of a value; what cannot be read is said in angle brackets. */
export function valueText(value: Value, view: Viewpoint): string {
  const inspection = view.inspection();
  const context = {
    read: inspection.read,
    symbolic: (address: number) => inspection.symbolic(address),
  };
  const { kind } = strip(value.type);
  const letter =
    view.hex && kind !== 'float' && kind !== 'void' && kind !== 'function' ? 'x' : null;
  try {
    return formatValue(value, context, letter, false);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return `<error: ${error.message}>`;
  }
}

/** Looks at a value again, where it lies in memory. */
function fresh(value: Value, view: Viewpoint): Value {
  const { place, type } = value;
  if (place.kind !== 'memory' || value.unavailable !== undefined) return value;
  // A bit field of a value that is nowhere has its bytes with it.
  if (place.bits !== null && place.address === 0) return value;
  return memoryValue(type, place.address, view.inspection().read, place.bits);
}

const SCALARS: readonly Type['kind'][] = ['integer', 'boolean', 'float', 'pointer', 'enum'];

/** A value, with an expression for it (null: there is none). */
export function valueNode(
  name: string,
  value: Value,
  expression: string | null,
  view: Viewpoint,
  scope: FrameScope = null,
): Node {
  const t = strip(value.type);
  const node: Node = { name, value: valueText(value, view), type: typeName(value.type) };
  if (expression !== null) {
    node.evaluateName = expression;
    if (SCALARS.includes(t.kind) && value.place.kind !== 'none')
      node.assign = (text) => {
        evaluate(`${expression} = ${text}`, view.inspection());
        view.changed();
      };
  }
  const { place } = value;
  if (place.kind === 'memory' && place.bits === null && t.kind !== 'function') {
    node.data = { address: place.address, length: sizeOf(value.type), scope };
    node.memoryReference = hex(place.address);
  }
  if (value.unavailable !== undefined) return node;
  if (t.kind === 'pointer') openPointer(node, value, t, expression, view);
  else if (t.kind === 'struct' && !t.incomplete && t.members.length > 0)
    node.children = () => memberNodes(fresh(value, view), t, expression, view, scope);
  else if (t.kind === 'array' && (t.count ?? 0) > 0)
    node.elements = {
      count: t.count ?? 0,
      slice: (start, count) =>
        Array.from({ length: count }, (_, i) => {
          const at = start + i;
          const inner = expression === null ? null : `${wrapped(expression)}[${at}]`;
          const element = elementOf(fresh(value, view), at, view.inspection());
          return valueNode(`[${at}]`, element, inner, view, scope);
        }),
    };
  return node;
}

const wrapped = (expression: string): string =>
  /^[\w.[\]]+$/.test(expression) ? expression : `(${expression})`;

function memberNodes(
  value: Value,
  t: Type & { kind: 'struct' },
  expression: string | null,
  view: Viewpoint,
  scope: FrameScope = null,
): Node[] {
  return t.members.map((m) => {
    const inner =
      expression === null || m.name === '' ? expression : `${wrapped(expression)}.${m.name}`;
    const member = memberOf(value, m, view.inspection());
    const name = m.name === '' ? `<anonymous ${strip(m.type).kind}>` : m.name;
    return valueNode(name, member, inner, view, scope);
  });
}

function openPointer(
  node: Node,
  value: Value,
  t: Type & { kind: 'pointer' },
  expression: string | null,
  view: Viewpoint,
): void {
  let address: number;
  try {
    address = Number(BigInt.asUintN(32, asInteger(value)));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return;
  }
  const target = strip(t.target);
  node.memoryReference = hex(address);
  if (address === 0 || target.kind === 'void' || target.kind === 'function') return;
  if (view.inspection().read(address, 1).length === 0) return;
  const inner = expression === null ? null : `*${wrapped(expression)}`;
  node.children = () => {
    const pointed = dereference(fresh(value, view), view.inspection());
    if (target.kind === 'struct' && !target.incomplete)
      return memberNodes(pointed, target, inner, view);
    return [valueNode(inner ?? '*', pointed, inner, view)];
  };
}

/** A register by its name. */
export function registerNode(name: string, view: Viewpoint): Node | null {
  const inspection = view.inspection();
  const value = inspection.register(name);
  if (value === null) return null;
  const node = valueNode(name, value, `$${name}`, view);
  delete node.children;
  if (value.unavailable !== undefined || strip(value.type).kind === 'float') {
    delete node.memoryReference;
    return node;
  }
  const n = Number(BigInt.asUintN(32, asInteger(value)));
  node.value = formatInteger(BigInt(n), 4, 'z');
  if (name === 'eflags') node.value += ` ${flagNames(n)}`;
  else node.value += inspection.symbolic(n);
  const isPointer = strip(value.type).kind === 'pointer';
  if (isPointer) node.memoryReference = hex(n);
  return node;
}
