// faultline boot: bare metal. A multiboot kernel, or a ROM that starts at the reset vector, on a PC's
// board.

import { readFileSync } from 'node:fs';
import { CS, EAX, EBX, Machine, Pc, memoryDisk } from '../../emulator/index.js';
import type { Exit } from '../../emulator/index.js';
import { errorCode, systemErrorText, writeAll } from '../host/node_host.js';
import { StandardInput } from '../host/node_stdin.js';
import { BootError, MULTIBOOT_BOOTED, findHeader, loadMultiboot } from './boot_multiboot.js';
import type { BootModule } from './boot_multiboot.js';
import {
  UsageError,
  describeOptions,
  parseCount,
  parseNumber,
  parseOptions,
  parseSize,
  valueOf,
} from './options.js';
import type { OptionSpec, ParsedOptions } from './options.js';

const MB = 1 << 20;
const SLICE = 2_000_000;
const EXIT_LIMIT = 124;
/** A guest whose processor has shut down. */
const EXIT_SHUTDOWN = 1;
/** Waits for input no longer than this before it looks at the limits again. */
const LONGEST_WAIT = 1000;

const BOOT_OPTIONS: readonly OptionSpec[] = [
  {
    names: ['--append'],
    value: 'TEXT',
    help: 'arguments on the command line of a multiboot kernel',
  },
  {
    names: ['--module'],
    value: 'FILE[ ARGS]',
    repeat: true,
    help: 'a module for a multiboot kernel',
  },
  { names: ['--disk'], value: 'FILE', help: 'an ATA disk; what is written to it is forgotten' },
  { names: ['--mem'], value: 'SIZE', help: 'memory, 1M to 1G (default: 64M)' },
  {
    names: ['--debug-port'],
    value: 'PORT',
    help: 'the port whose bytes are text for stdout (default: 0xe9)',
  },
  { names: ['--post-port'], value: 'PORT', help: 'the port of POST codes (default: 0x80)' },
  { names: ['--post'], help: 'each POST code on stderr' },
  { names: ['--screen'], help: 'the VGA text screen on stdout at the end' },
  { names: ['--no-reboot'], help: 'end with status 0 where the guest resets the machine' },
  {
    names: ['--limit-instructions'],
    value: 'N',
    help: 'stop after N instructions with status 124',
  },
  {
    names: ['--timeout'],
    value: 'SECONDS',
    help: 'stop after SECONDS of host time with status 124',
  },
  { names: ['-h', '--help'], help: 'this text' },
];

export function bootHelp(): string {
  return `Usage: faultline boot [OPTION...] IMAGE

Boots IMAGE without faultline's kernel: a multiboot kernel, or a ROM, which lies
below 4 GB and (its last 128 KB) below 1 MB and starts at the reset vector. The
first serial port is stdin and stdout.

Exit status: (v << 1) | 1 when the guest writes v to port 0xf4; 0 when it halts
for good; 1 when its processor shuts down (triple fault); 124 at a limit.

Options:
${describeOptions(BOOT_OPTIONS)}
`;
}

function read(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${systemErrorText(errorCode(error))}`);
  }
}

function portOf(options: ParsedOptions, key: string, byDefault: number): number {
  const text = valueOf(options, key);
  if (text === undefined) return byDefault;
  const port = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
  if (!(port >= 0 && port <= 0xffff))
    throw new UsageError(`--${key} wants a port such as 0xe9, not '${text}'`);
  return port;
}

function log(line: string): void {
  writeAll(2, Buffer.from(`faultline: ${line}\n`));
}

/** What the guest prints, until it is written. */
class Output {
  #bytes: number[] = [];

  readonly put = (byte: number): void => {
    this.#bytes.push(byte);
    if (this.#bytes.length >= 4096) this.flush();
  };

  flush(): void {
    if (this.#bytes.length > 0) writeAll(1, Uint8Array.from(this.#bytes));
    this.#bytes = [];
  }
}

interface Boot {
  image: Uint8Array;
  path: string;
  options: ParsedOptions;
  output: Output;
}

/** A machine that has just been switched on. */
function powerOn(boot: Boot): Pc {
  const { image, options } = boot;
  const ramBytes = parseSize('--mem', valueOf(options, 'mem') ?? '64M', MB, 1024 * MB) & ~0xffff;
  const isMultiboot = findHeader(image) >= 0;
  if (!isMultiboot && (image.length === 0 || image.length % 4096 !== 0 || image.length > 16 * MB))
    throw new UsageError(
      `${boot.path} is neither a multiboot kernel nor a ROM, whose size is a multiple of 4 KB`,
    );
  const machine = new Machine({
    ramBytes,
    interrupts: 'guest',
    ...(isMultiboot ? {} : { rom: image }),
  });
  const disk = valueOf(options, 'disk');
  const pc = new Pc(machine, {
    serial: boot.output.put,
    debug: boot.output.put,
    debugPort: portOf(options, 'debug-port', 0xe9),
    postPort: portOf(options, 'post-port', 0x80),
    post: (code) => {
      if (options.flags.has('post')) log(`POST ${hex(code, 2)}`);
    },
    wallClock: Date.now(),
    ...(disk === undefined ? {} : { disk: memoryDisk(read(disk)) }),
  });
  if (!isMultiboot) {
    machine.cpu.powerOn();
    return pc;
  }
  const append = valueOf(options, 'append');
  const modules = (options.values.get('module') ?? []).map((text): BootModule => {
    const space = text.indexOf(' ');
    return { bytes: read(space < 0 ? text : text.slice(0, space)), text };
  });
  const line = append === undefined ? boot.path : `${boot.path} ${append}`;
  const kernel = loadMultiboot(machine.ram8, image, line, modules);
  machine.cpu.reset();
  machine.cpu.setReg(EAX, MULTIBOOT_BOOTED);
  machine.cpu.setReg(EBX, kernel.info);
  machine.cpu.eip = kernel.entry;
  return pc;
}

const hex = (value: number, digits: number): string =>
  (value >>> 0).toString(16).padStart(digits, '0');

function place(pc: Pc): string {
  const { cpu } = pc.machine;
  return `${hex(cpu.segment(CS).selector, 4)}:${hex(cpu.eip, 8)}, POST ${hex(pc.post.code, 2)}`;
}

/** Feeds standard input to the serial port. */
class SerialInput {
  readonly #input = new StandardInput();
  #ended = false;
  #asked = false;
  #arrived: () => void = () => {};

  get hasEnded(): boolean {
    return this.#ended;
  }

  ask(pc: Pc): void {
    if (this.#asked || this.#ended) return;
    this.#asked = true;
    void this.#input.read().then((bytes) => {
      this.#asked = false;
      this.#ended = bytes.length === 0;
      for (const byte of bytes) pc.serial.receive(byte);
      this.#arrived();
    });
  }

  /** Waits for input, at most `ms`. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Limits {
  instructions: number;
  /** In milliseconds, as Date.now(). */
  deadline: number;
}

/** Runs until the guest ends or resets the machine. @returns its status; null: a reset. */
async function runMachine(pc: Pc, limits: Limits, output: Output): Promise<number | null> {
  const input = new SerialInput();
  const { machine } = pc;
  for (;;) {
    const left = limits.instructions - machine.instructions;
    if (left <= 0) {
      log('the instruction limit was reached');
      return EXIT_LIMIT;
    }
    const exit: Exit = machine.run(Math.min(SLICE, left));
    output.flush();
    if (pc.exitStatus !== null) return pc.exitStatus;
    if (pc.resetRequested) return null;
    if (exit.kind === 'shutdown') {
      log(`the processor shut down (triple fault) at ${place(pc)}`);
      return EXIT_SHUTDOWN;
    }
    if (Date.now() >= limits.deadline) {
      log('the time limit was reached');
      return EXIT_LIMIT;
    }
    input.ask(pc);
    if (exit.kind !== 'halt') await breathe();
    else if (!pc.machine.cpu.interruptsEnabled || input.hasEnded) {
      log(`halted at ${place(pc)}`);
      return 0;
    } else await input.wait(Math.min(LONGEST_WAIT, limits.deadline - Date.now()));
  }
}

/** The boot subcommand. @returns the exit status. @throws UsageError. */
export async function bootCommand(words: readonly string[]): Promise<number> {
  const options = parseOptions(BOOT_OPTIONS, words);
  if (options.flags.has('help')) {
    writeAll(1, Buffer.from(bootHelp()));
    return 0;
  }
  const [path, ...more] = options.rest;
  if (path === undefined) throw new UsageError('boot wants an image; see faultline boot --help');
  if (more.length > 0) throw new UsageError(`boot takes one image; '${more[0]}' is one too many`);
  const limit = valueOf(options, 'limit-instructions');
  const timeout = valueOf(options, 'timeout');
  const limits: Limits = {
    instructions: limit === undefined ? Infinity : parseCount('--limit-instructions', limit),
    deadline:
      timeout === undefined ? Infinity : Date.now() + 1000 * parseNumber('--timeout', timeout),
  };
  const boot: Boot = { image: read(path), path, options, output: new Output() };
  try {
    for (;;) {
      const pc = powerOn(boot);
      const status = await runMachine(pc, limits, boot.output);
      if (options.flags.has('screen')) {
        const text = pc.screen.lines().join('\n').trimEnd();
        writeAll(1, Buffer.from(`${text}\n`));
      }
      if (status !== null) return status;
      if (options.flags.has('no-reboot')) return 0;
      if (limits.instructions !== Infinity) limits.instructions -= pc.machine.instructions;
    }
  } catch (error) {
    if (error instanceof BootError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}
