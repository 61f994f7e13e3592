// Views of the memory of the machine that is running. Instruction handlers are plain functions that
// use these bindings; Machine.activate() points them at its own memory before it runs anything.

export let i32: Int32Array;
export let u16: Uint16Array;
export let i16: Int16Array;
export let u8: Uint8Array;
export let i8: Int8Array;
export let f32: Float32Array;
export let f64: Float64Array;

/** Views of one machine's memory. */
export interface MemoryViews {
  i32: Int32Array;
  u16: Uint16Array;
  i16: Int16Array;
  u8: Uint8Array;
  i8: Int8Array;
  f32: Float32Array;
  f64: Float64Array;
}

export function createViews(memory: WebAssembly.Memory): MemoryViews {
  const { buffer } = memory;
  return {
    i32: new Int32Array(buffer),
    u16: new Uint16Array(buffer),
    i16: new Int16Array(buffer),
    u8: new Uint8Array(buffer),
    i8: new Int8Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}

/** Makes `views` the ones that every handler sees. */
export function setViews(views: MemoryViews): void {
  ({ i32, u16, i16, u8, i8, f32, f64 } = views);
}
