// A PC's board around a machine: its devices, their ports and their interrupts.

import type { Machine } from '../machine.js';
import type { Platform } from '../platform.js';
import { AtaDisk } from './ata.js';
import type { DiskImage } from './ata.js';
import { PortBus } from './bus.js';
import { Cmos } from './cmos.js';
import { DebugConsole, DebugExit, PostPort } from './debug_ports.js';
import { I8042 } from './i8042.js';
import { InterruptController } from './pic.js';
import { Pit8254 } from './pit.js';
import { Timeline } from './timeline.js';
import { Uart16550 } from './uart.js';
import { VgaText } from './vga_text.js';

/** Nanoseconds that an instruction takes. */
const NS_PER_INSTRUCTION = 10;

const IRQ_TIMER = 0;
const IRQ_KEYBOARD = 1;
const IRQ_SERIAL_2 = 3;
const IRQ_SERIAL = 4;
const IRQ_CLOCK = 8;
const IRQ_FPU = 13;
const IRQ_DISK = 14;

export interface PcOptions {
  /** A byte that the first serial port sends. */
  serial?: (byte: number) => void;
  /** The same of the second. */
  serial2?: (byte: number) => void;
  /** A byte written to the debug console. */
  debug?: (byte: number) => void;
  /** Port of the debug console; default 0xe9. */
  debugPort?: number;
  /** A POST code, and the port it comes from; default 0x80. */
  post?: (code: number) => void;
  postPort?: number;
  /** Milliseconds since 1970 at switch-on; default 0. */
  wallClock?: number;
  disk?: DiskImage;
}

export class Pc implements Platform {
  readonly machine: Machine;
  readonly bus = new PortBus();
  readonly interrupts: InterruptController;
  readonly serial: Uart16550;
  readonly keyboard: I8042;
  readonly screen: VgaText;
  readonly timeline: Timeline;
  readonly post: PostPort;
  /** What isa-debug-exit was given, by QEMU's rule; null while it has not been. */
  exitStatus: number | null = null;
  /** The guest has asked for a reset; the owner carries it out. */
  resetRequested = false;

  constructor(machine: Machine, options: PcOptions = {}) {
    this.machine = machine;
    const { bus } = this;
    this.timeline = new Timeline(() => machine.clock * NS_PER_INSTRUCTION);
    this.interrupts = new InterruptController((up) => machine.setInterruptLine(up));
    const line =
      (irq: number) =>
      (up: boolean): void =>
        this.interrupts.setLine(irq, up);

    const pit = new Pit8254(this.timeline, line(IRQ_TIMER));
    const cmos = new Cmos(
      this.timeline,
      { wallClock: options.wallClock ?? 0, ramBytes: machine.ramBytes },
      line(IRQ_CLOCK),
    );
    this.serial = new Uart16550(options.serial ?? (() => {}), line(IRQ_SERIAL));
    this.keyboard = new I8042({
      interrupt: line(IRQ_KEYBOARD),
      a20: (open) => {
        machine.a20 = open;
      },
      reset: () => this.#reset(),
    });
    this.screen = new VgaText(machine.ram8);
    this.post = new PostPort(options.post ?? (() => {}));
    const disk = new AtaDisk(options.disk ?? null, line(IRQ_DISK));
    const debug = new DebugConsole(options.debug ?? (() => {}));
    const exit = new DebugExit((status) => {
      this.exitStatus = status;
      machine.stop();
    });

    bus.claim(0x20, 2, this.interrupts.first);
    bus.claim(0xa0, 2, this.interrupts.second);
    bus.claim(0x40, 4, pit);
    bus.claim(0x61, 1, pit.speakerPort);
    bus.claim(0x60, 1, this.keyboard);
    bus.claim(0x64, 1, {
      read: () => this.keyboard.read(4),
      write: (_offset, value) => this.keyboard.write(4, value),
    });
    bus.claim(0x70, 2, cmos);
    bus.claim(options.postPort ?? 0x80, 1, this.post);
    bus.claim(0x92, 1, this.#systemControl);
    bus.claim(options.debugPort ?? 0xe9, 1, debug);
    bus.claim(0xf0, 1, this.#fpuError);
    bus.claim(0xf4, 1, exit, 4);
    bus.claim(0x1f0, 8, disk, 4);
    bus.claim(0x3f6, 1, disk.controlPort);
    bus.claim(0x3d4, 2, this.screen);
    bus.claim(0x3da, 1, this.screen.statusPort);
    bus.claim(0x3f8, 8, this.serial);
    bus.claim(0x2f8, 8, new Uart16550(options.serial2 ?? (() => {}), line(IRQ_SERIAL_2)));
    machine.attach(this);
  }

  /** Port 0x92: A20 in bit 1, reset in bit 0. */
  readonly #systemControl = {
    read: (): number => (this.machine.a20 ? 2 : 0),
    write: (_offset: number, value: number): void => {
      const open = (value & 2) !== 0;
      this.machine.a20 = open;
      this.keyboard.followA20(open);
      if (value & 1) this.#reset();
    },
  };

  /** Port 0xf0: any write takes the x87's interrupt request back. */
  readonly #fpuError = {
    read: (): number => 0xff,
    write: (): void => this.interrupts.setLine(IRQ_FPU, false),
  };

  floatingPointError(): void {
    this.interrupts.setLine(IRQ_FPU, true);
  }

  #reset(): void {
    this.resetRequested = true;
    this.machine.stop();
  }

  readPort(port: number, bytes: number): number {
    return this.bus.read(port, bytes);
  }

  writePort(port: number, value: number, bytes: number): void {
    this.bus.write(port, value, bytes);
  }

  get nextEvent(): number {
    return this.timeline.next / NS_PER_INSTRUCTION;
  }

  advance(clock: number): void {
    this.timeline.advance(clock * NS_PER_INSTRUCTION);
  }

  acknowledge(): number {
    return this.interrupts.acknowledge();
  }
}
