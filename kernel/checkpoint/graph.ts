// Images of a graph of plain objects ("State is plain data", ARCHITECTURE.md). An image holds the
// contents of every object that can be reached, not copies of the objects: restoring writes the
// contents back into the same objects, so that whoever holds one still holds the right one.

/** What is in an object: its values, in an order that its kind gives. */
export type Contents =
  | { kind: 'object'; keys: readonly string[]; values: readonly unknown[] }
  | { kind: 'array'; values: readonly unknown[] }
  | { kind: 'map'; values: readonly unknown[] }
  | { kind: 'set'; values: readonly unknown[] }
  | { kind: 'bytes'; values: Uint8Array };

/** The contents of objects, by object. */
export type Images = Map<object, Contents>;

/** Whether two arrays of the same length hold the same bytes. */
export type SameBytes = (a: Uint8Array, b: Uint8Array) => boolean;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function sameValues(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** Keys of objects come in few combinations: equal ones are one array. */
class Shapes {
  readonly #known = new Map<string, readonly string[]>();
  #last: readonly string[] = [];

  of(keys: string[]): readonly string[] {
    if (sameValues(keys, this.#last)) return this.#last;
    const name = keys.join('\n');
    const known = this.#known.get(name);
    if (known === undefined) this.#known.set(name, keys);
    return (this.#last = known ?? keys);
  }
}

function pairs(map: Map<unknown, unknown>): unknown[] {
  const values: unknown[] = [];
  for (const [key, value] of map) values.push(key, value);
  return values;
}

/** Compares in place: most objects of an image are what they were. */
function isUnchanged(
  object: Record<string, unknown>,
  { keys, values }: Extract<Contents, { kind: 'object' }>,
): boolean {
  let i = 0;
  for (const key in object) {
    if (key !== keys[i] || !Object.is(object[key], values[i])) return false;
    i++;
  }
  return i === keys.length;
}

/** @returns `before` when nothing has changed, so that images share what they have in common. */
function contentsOf(
  object: object,
  before: Contents | undefined,
  shapes: Shapes,
  same: SameBytes,
): Contents {
  if (Array.isArray(object)) {
    if (before?.kind === 'array' && sameValues(object, before.values)) return before;
    return { kind: 'array', values: object.slice() };
  }
  if (ArrayBuffer.isView(object)) {
    const bytes = bytesOf(object);
    if (before?.kind === 'bytes' && same(bytes, before.values)) return before;
    return { kind: 'bytes', values: bytes.slice() };
  }
  if (object instanceof Map) {
    const values = pairs(object);
    if (before?.kind === 'map' && sameValues(values, before.values)) return before;
    return { kind: 'map', values };
  }
  if (object instanceof Set) {
    const values = [...(object as Set<unknown>)];
    if (before?.kind === 'set' && sameValues(values, before.values)) return before;
    return { kind: 'set', values };
  }
  if (before?.kind === 'object' && isUnchanged(object as Record<string, unknown>, before))
    return before;
  const values = Object.values(object) as unknown[];
  return { kind: 'object', keys: shapes.of(Object.keys(object)), values };
}

/** What an image leaves alone: objects of the host, and memory that is saved another way. */
export interface Boundary {
  objects: ReadonlySet<object>;
  memory: ArrayBufferLike;
}

function isOutside(object: object, boundary: Boundary): boolean {
  if (boundary.objects.has(object)) return true;
  return ArrayBuffer.isView(object) && object.buffer === boundary.memory;
}

/**
 * Calls `visit` once for every object within the boundary that can be reached from `roots`, in an
 * order that depends on the graph alone. Functions are constants and are not followed.
 */
function walk(
  roots: readonly object[],
  boundary: Boundary,
  visit: (object: object) => readonly unknown[] | null,
): void {
  const seen = new Set<object>(roots);
  const waiting: object[] = [...roots];
  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
    const values = visit(object);
    if (values === null) continue;
    for (const value of values) {
      if (!isObject(value) || seen.has(value) || isOutside(value, boundary)) continue;
      seen.add(value);
      waiting.push(value);
    }
  }
}

/**
 * Takes what has changed since `before`, which it brings up to date.
 * @returns the contents of new and changed objects alone.
 */
export function captureChanges(
  roots: readonly object[],
  boundary: Boundary,
  before: Images,
  same: SameBytes,
): Images {
  const changed: Images = new Map();
  const shapes = new Shapes();
  let visited = 0;
  walk(roots, boundary, (object) => {
    visited++;
    const old = before.get(object);
    const contents = contentsOf(object, old, shapes, same);
    if (contents !== old) {
      before.set(object, contents);
      changed.set(object, contents);
    }
    return contents.kind === 'bytes' ? null : contents.values;
  });
  if (before.size > 2 * visited) forgetUnreachable(roots, boundary, before);
  return changed;
}

function forgetUnreachable(roots: readonly object[], boundary: Boundary, images: Images): void {
  const reached = new Set<object>();
  walk(roots, boundary, (object) => {
    reached.add(object);
    const contents = images.get(object);
    return contents === undefined || contents.kind === 'bytes' ? null : contents.values;
  });
  for (const object of images.keys()) if (!reached.has(object)) images.delete(object);
}

/** Writes contents back into an object. */
export function restoreContents(object: object, contents: Contents): void {
  switch (contents.kind) {
    case 'array': {
      const array = object as unknown[];
      array.length = contents.values.length;
      contents.values.forEach((value, i) => {
        if (!Object.is(array[i], value)) array[i] = value;
      });
      return;
    }
    case 'bytes':
      bytesOf(object as ArrayBufferView).set(contents.values);
      return;
    case 'map': {
      const map = object as Map<unknown, unknown>;
      map.clear();
      for (let i = 0; i < contents.values.length; i += 2)
        map.set(contents.values[i], contents.values[i + 1]);
      return;
    }
    case 'set': {
      const set = object as Set<unknown>;
      set.clear();
      for (const value of contents.values) set.add(value);
      return;
    }
    case 'object':
      restoreObject(object as Record<string, unknown>, contents.keys, contents.values);
  }
}

function restoreObject(
  object: Record<string, unknown>,
  keys: readonly string[],
  values: readonly unknown[],
): void {
  for (const key of Object.keys(object)) if (!keys.includes(key)) delete object[key];
  for (let i = 0; i < keys.length; i++)
    if (!Object.is(object[keys[i]], values[i])) object[keys[i]] = values[i];
}

/** Receives a graph as a sequence of words and strings. */
export interface Digest {
  word(value: number): void;
  text(value: string): void;
}

const scratch = new DataView(new ArrayBuffer(8));

function digestNumber(value: number, digest: Digest): void {
  if (Object.is(value | 0, value)) {
    digest.word(value);
    return;
  }
  scratch.setFloat64(0, value);
  digest.word(scratch.getInt32(0));
  digest.word(scratch.getInt32(4));
}

/**
 * Feeds everything that the graph says to `digest`: equal for two graphs of the same form with the
 * same values, whichever objects they are made of.
 */
export function digestGraph(roots: readonly object[], boundary: Boundary, digest: Digest): void {
  const numbers = new Map<object, number>();
  const number = (object: object): number => {
    const known = numbers.get(object);
    if (known !== undefined) return known;
    numbers.set(object, numbers.size);
    return numbers.size - 1;
  };
  const value = (v: unknown): void => {
    digest.text(typeof v);
    if (isObject(v)) digest.word(isOutside(v, boundary) ? -1 : number(v));
    else if (typeof v === 'number') digestNumber(v, digest);
    else if (typeof v !== 'function') digest.text(String(v));
  };
  const shapes = new Shapes();
  walk(roots, boundary, (object) => {
    const contents = contentsOf(object, undefined, shapes, () => false);
    digest.text(contents.kind);
    digest.word(number(object));
    if (contents.kind === 'bytes') {
      for (const byte of contents.values) digest.word(byte);
      return null;
    }
    if (contents.kind === 'object') for (const key of contents.keys) digest.text(key);
    for (const v of contents.values) value(v);
    return contents.values;
  });
}
