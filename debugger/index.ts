// The public surface of the debugger engine.

export { Debugger } from './debugger.js';
export type { Breakpoint, BreakpointOptions, Registers, Stop } from './debugger.js';
export { Control } from './control.js';
export type { ControlHost, InternalBreakpoint } from './control_host.js';
export { Stepper } from './stepping.js';
export type { StackView } from './stepping.js';
export { CATCH_EVENTS, SignalTable, defaultSignals } from './breakpoints.js';
export type {
  BreakpointKind,
  BreakpointLocation,
  CatchEvent,
  Inferior,
  StopEvent,
  UserBreakpoint,
  Watch,
  WatchHit,
} from './breakpoints.js';
export { KERNEL_STEPS, kernelStep } from './kernel_steps.js';
export type { KernelStep } from './kernel_steps.js';
export { DebugEvents } from './events.js';
export type { FaultEvent, FaultRecord } from './events.js';
export { Inspection } from './inspect.js';
export type { LocalVariable, Variables } from './inspect.js';
export { mapEntries, mapEntryAt, pageWalk, readMemory } from './memory.js';
export { Programs } from './programs.js';
export type { ProgramReader } from './programs.js';
export { REGISTER_NAMES, fromExtended, readRegisters, writeRegister } from './registers.js';
export type { RegisterName, RegisterSet } from './registers.js';
export { FPU_CONTROLS, STACK_REGISTERS, VECTOR_REGISTERS } from './fpu_registers.js';
export type { FpuState } from './fpu_registers.js';
export { cast, dereference, elementOf, evaluate, memberOf } from './expression/evaluate.js';
export type { Scope } from './expression/evaluate.js';
export {
  formatInteger,
  formatValue,
  general,
  stringAtAddress,
  unitType,
} from './expression/format.js';
export type { FormatContext, FormatLetter } from './expression/format.js';
export { ExpressionError } from './expression/lexer.js';
export { asInteger, hex, integerValue, isTrue, memoryValue, valueOf } from './expression/value.js';
export { parseExpression } from './expression/parser.js';
export type { Expression } from './expression/parser.js';
export type { Value } from './expression/value.js';
export { FormatError } from './symbols/cursor.js';
export { SymbolFile } from './symbols/symbol_file.js';
export type { FunctionInfo, LineInfo } from './symbols/symbol_file.js';
export { parseElf } from './symbols/elf.js';
export { sizeOf, strip, typeName } from './symbols/types.js';
export type { Type } from './symbols/types.js';
export { DWARF_REGISTERS, lookupPc } from './unwind.js';
export type { Frame } from './unwind.js';
export { RemoteProtocol } from './remote/protocol.js';
export type { RemoteHost } from './remote/protocol.js';
export { RemoteTarget } from './remote/target.js';
export { PacketReader, frame } from './remote/packets.js';
export {
  Recording,
  ReplayError,
  applyInput,
  recordedDirectory,
  recordedHost,
} from './time/recording.js';
export { RecordingError, decodeRun, encodeRun, systemHash } from './time/recording_file.js';
export type { Mark, RecordedRun } from './time/recording_file.js';
export type { Input, TimedInput } from './time/recording.js';
export { Reverse } from './time/reverse.js';
export type { LastWrite } from './time/reverse.js';
export { Timeline } from './time/timeline.js';
