// What a machine has around its CPU when it boots software of its own.

/** I/O ports. `bytes` is 1, 2 or 4; values are unsigned. */
export interface Ports {
  readPort(port: number, bytes: number): number;
  writePort(port: number, value: number, bytes: number): void;
}

/** The rest of a board: devices, their interrupts and their time. */
export interface Platform extends Ports {
  /** Time, as machine.clock counts it, at which `advance` is to be called; may be Infinity. */
  readonly nextEvent: number;
  /** Lets the devices catch up with `clock`. */
  advance(clock: number): void;
  /** The interrupt controller's answer to the processor: a vector. */
  acknowledge(): number;
  /** FERR#: an instruction waits because of an x87 exception that CR0.NE keeps from being #MF. */
  floatingPointError?(): void;
}

/** No device answers: reads give ones. */
export const noPorts: Ports = {
  readPort: (_port, bytes) => (bytes === 4 ? 0xffffffff : (1 << (8 * bytes)) - 1),
  writePort: () => {},
};
