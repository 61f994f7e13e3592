// What a client shows as variables: a tree of nodes whose children are made when they are asked for.

import { RequestError } from './protocol.js';
import type { Variable } from './protocol.js';

/** The frame of a local: its data are gone when that returns. Null for what stays. */
export type FrameScope = { cfa: number; returnAddress: number } | null;

export interface Node {
  name: string;
  value: string;
  type?: string;
  /** An expression that gives the same value. */
  evaluateName?: string;
  /** Where it, or what it points to, lies. */
  memoryReference?: string;
  /** Children with names; undefined where there are none, or elements instead. */
  children?: () => Node[];
  /** Elements, of which a part may be asked for. */
  elements?: { count: number; slice(start: number, count: number): Node[] };
  /** Gives it another value, as an expression. @throws ExpressionError */
  assign?: (text: string) => void;
  /** What can be watched. */
  data?: { address: number; length: number; scope: FrameScope };
  /** 'property', 'data' and so on, of the protocol. */
  kind?: string;
}

const TEXT_MAX = 400;
const PAGE = 1000;

/** References of nodes; those of an earlier stop are known to be no longer there. */
export class NodeStore {
  readonly #nodes = new Map<number, Node>();
  #next = 1;

  clear(): void {
    this.#nodes.clear();
  }

  /** A reference by which the client asks for the children; 0 for a node without any. */
  reference(node: Node): number {
    if (node.children === undefined && (node.elements?.count ?? 0) === 0) return 0;
    this.#nodes.set(this.#next, node);
    return this.#next++;
  }

  /** @throws RequestError for a reference that is none (any more). */
  get(reference: number): Node {
    const node = this.#nodes.get(reference);
    if (node === undefined) throw new RequestError(`there is no variable ${reference} now`);
    return node;
  }

  /** The answer to a `variables` request. */
  list(reference: number, filter: string | undefined, start: number, count: number): Variable[] {
    const { children, elements } = this.get(reference);
    const found: Node[] = [];
    if (children !== undefined && filter !== 'indexed') {
      const all = children();
      found.push(...(filter === 'named' && count > 0 ? all.slice(start, start + count) : all));
    }
    if (elements !== undefined && filter !== 'named') {
      const from = Math.min(start, elements.count);
      const most = count > 0 ? count : PAGE;
      found.push(...elements.slice(from, Math.min(most, PAGE * 10, elements.count - from)));
    }
    return found.map((node) => this.variable(node));
  }

  /** A child by its name. @throws RequestError when there is none. */
  child(reference: number, name: string): Node {
    const { children, elements } = this.get(reference);
    const index = /^\[(\d{1,10})\]$/.exec(name);
    if (elements !== undefined && index !== null && Number(index[1]) < elements.count)
      return elements.slice(Number(index[1]), 1)[0];
    const found = children?.().find((node) => node.name === name);
    if (found === undefined) throw new RequestError(`there is no variable '${name}'`);
    return found;
  }

  variable(node: Node): Variable {
    const { name, value, type, evaluateName, memoryReference, elements } = node;
    const reference = this.reference(node);
    const attributes = node.assign === undefined ? { attributes: ['readOnly'] } : {};
    return {
      name,
      value: value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value,
      ...(type === undefined ? {} : { type }),
      ...(evaluateName === undefined ? {} : { evaluateName }),
      ...(memoryReference === undefined ? {} : { memoryReference }),
      ...(elements === undefined ? {} : { indexedVariables: elements.count }),
      ...(node.kind === undefined ? {} : { presentationHint: { kind: node.kind, ...attributes } }),
      variablesReference: reference,
    };
  }
}

const ADDRESSES =
  /^(va|pa|eip|start|end|frame|pde|pte|pteBefore|pteAfter|error|error_code|cr3|.*addr(ess)?|.*pdir|.*offset|.*flags|min_offset|max_offset|resident)$/;

/** A structure of the kernel's as nodes: numbers that the field writes so are hexadecimal. */
export function dataNode(name: string, data: unknown, summary?: string): Node {
  if (Array.isArray(data)) {
    const all = data as unknown[];
    if (all.every((item) => typeof item === 'string'))
      return { name, value: summary ?? all.join(' ') };
    return {
      name,
      value: summary ?? `${all.length}`,
      elements: {
        count: all.length,
        slice: (start, count) =>
          all.slice(start, start + count).map((item, i) => dataNode(`[${start + i}]`, item)),
      },
    };
  }
  if (typeof data === 'object' && data !== null) {
    const fields = Object.entries(data);
    return {
      name,
      value: summary ?? brief(fields),
      children: () => fields.map(([key, value]) => dataNode(key, value)),
    };
  }
  if (typeof data === 'number' && Number.isInteger(data) && data >= 0 && ADDRESSES.test(name))
    return { name, value: `0x${data.toString(16)}` };
  return { name, value: String(data) };
}

/** The first few plain fields of a structure. */
function brief(fields: readonly [string, unknown][]): string {
  const plain = fields.filter(([, v]) => typeof v !== 'object');
  const text = plain.slice(0, 5).map(([key, v]) => `${key} ${dataNode(key, v).value}`);
  return `{${text.join(', ')}${plain.length > 5 ? ', …' : ''}}`;
}
