// Images of object graphs and the history that is made of them.

import { describe, expect, test } from 'vitest';
import { Machine } from '../../emulator/index.js';
import { History, createKernel, digestSystem } from '../../kernel/index.js';
import type { Kernel } from '../../kernel/index.js';
import { captureChanges, digestGraph, restoreContents } from '../../kernel/checkpoint/graph.js';
import type { Boundary, Images } from '../../kernel/checkpoint/graph.js';

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const memory = new ArrayBuffer(64);
const host = { secret: 1 };
const boundary: Boundary = { objects: new Set([host]), memory };

function digest(...roots: object[]): string {
  const said: unknown[] = [];
  digestGraph(roots, boundary, {
    word: (n) => void said.push(n | 0),
    text: (t) => void said.push(t),
  });
  return JSON.stringify(said);
}

interface Node {
  value: unknown;
  next: Node | null;
}

/** One of everything that state is made of, with a cycle and a twice shared object. */
function everything(): {
  numbers: number[];
  bytes: Uint8Array;
  words: Int32Array;
  map: Map<string, Node>;
  set: Set<unknown>;
  ring: Node;
  host: object;
  window: Uint8Array;
  odd: unknown[];
  optional?: number;
} {
  const ring: Node = { value: 'a', next: { value: -0, next: null } };
  if (ring.next !== null) ring.next.next = ring;
  return {
    numbers: [1, 2, 3],
    bytes: new Uint8Array([1, 2, 3]),
    words: new Int32Array([-1, 2]),
    map: new Map([
      ['x', ring],
      ['y', { value: 1n, next: null }],
    ]),
    set: new Set<unknown>([1, 'two', ring]),
    ring,
    host,
    window: new Uint8Array(memory, 8, 4),
    odd: [NaN, undefined, null, 2 ** 40, 0.1, true],
  };
}

function restoreAll(images: Images): void {
  for (const [object, contents] of images) restoreContents(object, contents);
}

describe('images of a graph', () => {
  /** Each changes the state in one way; going back must undo it and a digest must see it. */
  const CHANGES: Record<string, (s: ReturnType<typeof everything>) => void> = {
    'a property': (s) => void (s.ring.value = 'b'),
    'minus zero becomes zero': (s) => void (s.ring.next && (s.ring.next.value = 0)),
    'a new property': (s) => void (s.optional = 1),
    'an element': (s) => void (s.numbers[1] = 7),
    'a longer array': (s) => void s.numbers.push(4),
    'a shorter array': (s) => void (s.numbers.length = 1),
    'a reordered array': (s) => void s.numbers.reverse(),
    'NaN becomes undefined': (s) => void (s.odd[0] = undefined),
    'null becomes undefined': (s) => void (s.odd[2] = undefined),
    'a byte': (s) => void (s.bytes[2] = 9),
    'a word': (s) => void (s.words[0] = 9),
    'a new key': (s) => void s.map.set('z', s.ring),
    'a key less': (s) => void s.map.delete('x'),
    'another value for a key': (s) => void s.map.set('x', { value: 'a', next: null }),
    'a reordered map': (s) => {
      const x = s.map.get('x');
      s.map.delete('x');
      if (x) s.map.set('x', x);
    },
    'a new member': (s) => void s.set.add(2),
    'a member less': (s) => void s.set.delete('two'),
    'a string for a number': (s) => {
      s.set.delete(1);
      s.set.add('1');
    },
    'a new object': (s) => void (s.ring.next = { value: { deep: [new Set([1])] }, next: s.ring }),
    'an object that cannot be reached any more': (s) => void (s.ring.next = null),
    'a shared object becomes two': (s) => void s.map.set('x', { ...s.ring }),
  };

  test.each(Object.keys(CHANGES))('%s is seen, taken, and undone', (name) => {
    const state = everything();
    const before = digest(state);
    expect(digest(everything())).toBe(before);
    const images: Images = new Map();
    const first = captureChanges([state], boundary, images, same);
    expect(first.has(state.ring)).toBe(true);
    expect(first.has(host)).toBe(false);
    expect(first.has(state.window)).toBe(false);
    expect(captureChanges([state], boundary, images, same).size).toBe(0);

    CHANGES[name](state);
    const after = digest(state);
    expect(after).not.toBe(before);
    const changed = captureChanges([state], boundary, images, same);
    expect(changed.size).toBeGreaterThan(0);
    expect(changed.size).toBeLessThan(first.size);

    restoreAll(first);
    expect(digest(state)).toBe(before);
    restoreAll(changed);
    expect(digest(state)).toBe(after);
  });

  test('the order of keys that were added and taken away is restored', () => {
    const state = everything();
    const images: Images = new Map();
    const first = captureChanges([state], boundary, images, same);
    state.map.clear();
    state.map.set('y', state.ring).set('x', state.ring);
    state.set.clear();
    restoreAll(first);
    expect([...state.map.keys()]).toEqual(['x', 'y']);
    expect([...state.set]).toEqual([1, 'two', state.ring]);
  });

  test('objects of the host and their contents are left alone', () => {
    const state = everything();
    const images: Images = new Map();
    const first = captureChanges([state], boundary, images, same);
    host.secret++;
    state.window[0] = 5;
    expect(captureChanges([state], boundary, images, same).size).toBe(0);
    restoreAll(first);
    expect(state.window[0]).toBe(5);
  });

  test('what cannot be reached is forgotten in the end', () => {
    const state: { list: object[] } = { list: [] };
    const images: Images = new Map();
    for (let i = 0; i < 20; i++) {
      state.list = Array.from({ length: 100 }, (_, n) => ({ n }));
      captureChanges([state], boundary, images, same);
    }
    expect(images.size).toBeLessThan(300);
  });
});

describe('a history', () => {
  function boot(): Kernel {
    return createKernel(
      new Machine({ ramBytes: 16 << 20 }),
      {
        consoleWrite: () => undefined,
        log() {},
        wallClockNs: () => 1e18,
        entropy: (into) => void into.fill(1),
      },
      { mask: 0, emit() {} },
      { swapBytes: 1 << 20, checkInvariants: false, verboseBoot: false, realtime: false },
    );
  }

  /** A frame that nothing else uses, and a number in the kernel. */
  const FRAME = 3000;
  const set = (k: Kernel, n: number): void => {
    k.machine.ram8[FRAME * 4096 + 10] = n;
    k.machine.ram8[(FRAME + n) * 4096] = n;
    k.kern.hostname = `moment-${n}`;
  };
  const get = (k: Kernel): [string, number, number[]] => [
    k.kern.hostname,
    k.machine.ram8[FRAME * 4096 + 10],
    [1, 2, 3, 4, 5].map((n) => k.machine.ram8[(FRAME + n) * 4096]),
  ];
  const digestOf = (k: Kernel): string => {
    let hash = 0;
    digestSystem(k, {
      word: (n) => void (hash = (Math.imul(hash, 31) + n) | 0),
      text: (t) => {
        for (let i = 0; i < t.length; i++) hash = (Math.imul(hash, 31) + t.charCodeAt(i)) | 0;
      },
    });
    return String(hash);
  };
  const upTo = (n: number): number[] => [1, 2, 3, 4, 5].map((i) => (i <= n ? i : 0));

  test('goes to any of its moments, in any order', () => {
    const k = boot();
    const history = new History(k, same);
    const moments = [1, 2, 3, 4, 5].map((n) => {
      set(k, n);
      return { n, checkpoint: history.take(), digest: digestOf(k) };
    });
    expect(new Set(moments.map(({ digest: d }) => d)).size).toBe(5);
    for (const i of [4, 0, 3, 3, 1, 2, 4, 2, 0]) {
      const { n, checkpoint, digest: d } = moments[i];
      set(k, 9 - n);
      k.machine.ram8[(FRAME + 9 - n) * 4096 + 5] = 1;
      history.restore(checkpoint);
      expect(get(k)).toEqual([`moment-${n}`, n, upTo(n)]);
      expect(digestOf(k)).toBe(d);
    }
    // A checkpoint holds what has changed: three pages, a name, and what the machine counts.
    expect(moments[3].checkpoint.pages.size).toBe(2);
    expect(moments[3].checkpoint.objects.size).toBeLessThan(5);
  });

  test('keeps its other moments when one is taken away or put between two', () => {
    const k = boot();
    const history = new History(k, same);
    const checkpoints = [1, 2, 4, 5].map((n) => {
      if (n === 4) set(k, 3);
      set(k, n);
      return history.take();
    });
    history.restore(checkpoints[1]);
    set(k, 3);
    const third = history.take();
    expect(history.checkpoints).toEqual([
      ...checkpoints.slice(0, 2),
      third,
      ...checkpoints.slice(2),
    ]);
    const all = [checkpoints[0], checkpoints[1], third, checkpoints[2], checkpoints[3]];
    const check = (...left: number[]): void => {
      for (const n of [...left, ...left.reverse()]) {
        history.restore(all[n - 1]);
        expect(get(k)).toEqual([`moment-${n}`, n, upTo(n)]);
      }
    };
    check(1, 2, 3, 4, 5);
    history.restore(all[4]);
    history.remove(all[1]);
    check(1, 3, 4, 5);
    history.restore(all[4]);
    history.remove(all[0]);
    check(3, 4, 5);
    expect(history.checkpoints).toHaveLength(3);
    history.restore(all[3]);
    history.truncate();
    expect(history.checkpoints).toHaveLength(2);
    check(3, 4);
  });

  test('finds the last moment before an instruction', () => {
    const k = boot();
    const history = new History(k, same);
    expect(history.before(0)).toBeNull();
    const first = history.take();
    const second = history.take();
    expect(history.before(first.instructions)).toBe(second);
    expect(history.before(first.instructions - 1)).toBeNull();
  });
});
