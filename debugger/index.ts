// The public surface of the debugger engine.

export { Debugger } from './debugger.js';
export type { Breakpoint, BreakpointOptions, Registers, Stop } from './debugger.js';
