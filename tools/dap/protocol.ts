// The messages of the Debug Adapter Protocol (microsoft.github.io/debug-adapter-protocol, 1.68) that
// are sent here, and what a request's arguments are read with.

/** A request that cannot be done; the message is shown as it is. */
export class RequestError extends Error {
  override name = 'RequestError';
  /** Whether a person should see it, instead of the client alone. */
  readonly show: boolean;
  constructor(message: string, show = false) {
    super(message);
    this.show = show;
  }
}

export interface Response {
  seq: number;
  type: 'response';
  request_seq: number;
  success: boolean;
  command: string;
  message?: string;
  body?: object;
}

export interface Event {
  seq: number;
  type: 'event';
  event: string;
  body?: object;
}

export type Outgoing = Response | Event;

export interface Source {
  name: string;
  path: string;
}

export interface StackFrame {
  id: number;
  name: string;
  source?: Source;
  line: number;
  column: number;
  instructionPointerReference: string;
  moduleId?: string;
  presentationHint?: 'normal' | 'label' | 'subtle';
}

export interface Scope {
  name: string;
  presentationHint?: string;
  variablesReference: number;
  namedVariables?: number;
  indexedVariables?: number;
  expensive: boolean;
}

export interface Variable {
  name: string;
  value: string;
  type?: string;
  evaluateName?: string;
  variablesReference: number;
  namedVariables?: number;
  indexedVariables?: number;
  memoryReference?: string;
  presentationHint?: { kind?: string; attributes?: string[] };
}

/** A breakpoint as the client is told of it. */
export interface BreakpointInfo {
  id?: number;
  verified: boolean;
  message?: string;
  source?: Source;
  line?: number;
  instructionReference?: string;
}

export interface DisassembledInstruction {
  address: string;
  instructionBytes?: string;
  instruction: string;
  symbol?: string;
  location?: Source;
  line?: number;
  presentationHint?: 'normal' | 'invalid';
}

/** The arguments of a request, of which nothing is known before it is asked for. */
export class Arguments {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  /** @throws RequestError unless `value` is an object or absent. */
  constructor(value: unknown, where = 'arguments') {
    if (value !== undefined && !isRecord(value)) throw new RequestError(`${where}: not an object`);
    this.#fields = value ?? {};
    this.#where = where;
  }

  #get(name: string): unknown {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    return value === null ? undefined : value;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  #wrong(name: string, what: string): RequestError {
    return new RequestError(`${this.#where}.${name}: ${what} is wanted`);
  }

  /** Undefined when it is absent. @throws RequestError when it is something else. */
  text(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'string') throw this.#wrong(name, 'a string');
    return value;
  }

  /** @throws RequestError unless it is there. */
  needText(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw this.#wrong(name, 'a string');
    return value;
  }

  /** A whole number; undefined when it is absent. @throws RequestError */
  integer(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw this.#wrong(name, 'a whole number');
    return value;
  }

  /** A number from 0 on; `otherwise` when it is absent. @throws RequestError */
  count(name: string, otherwise: number): number {
    const value = this.integer(name) ?? otherwise;
    if (value < 0) throw this.#wrong(name, 'a number from 0 on');
    return value;
  }

  /** @throws RequestError unless it is there. */
  needInteger(name: string): number {
    const value = this.integer(name);
    if (value === undefined) throw this.#wrong(name, 'a whole number');
    return value;
  }

  /** False when it is absent. @throws RequestError */
  flag(name: string, otherwise = false): boolean {
    const value = this.#get(name) ?? otherwise;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false');
    return value;
  }

  /** An object; an empty one when it is absent. @throws RequestError */
  object(name: string): Arguments {
    return new Arguments(this.#get(name), `${this.#where}.${name}`);
  }

  /** Objects; none when the list is absent. @throws RequestError */
  objects(name: string): Arguments[] {
    return this.#list(name).map(
      (item, i) => new Arguments(item ?? false, `${this.#where}.${name}[${i}]`),
    );
  }

  /** Strings; none when the list is absent. @throws RequestError */
  texts(name: string): string[] {
    return this.#list(name).map((item) => {
      if (typeof item !== 'string') throw this.#wrong(name, 'a list of strings');
      return item;
    });
  }

  #list(name: string): unknown[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list');
    return value;
  }

  /** All that is in it. */
  entries(): [string, unknown][] {
    return Object.entries(this.#fields);
  }

  /** Whether it is a list, as opposed to an object. */
  isList(name: string): boolean {
    return Array.isArray(this.#get(name));
  }

  /** As it is. */
  raw(name: string): unknown {
    return this.#get(name);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
