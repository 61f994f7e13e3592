// Runs test386.asm (https://github.com/barotto/test386.asm), which is not part of this repository:
//
//   npm run test386 -- IMAGE REFERENCE
//
// IMAGE is the assembled ROM, REFERENCE its test386-EE-reference.txt. Which ports the image was
// configured for is found out from what it writes: the first port written to shows POST codes, and
// the results of test EE come from a serial port, a printer port or any other.

import { readFileSync } from 'node:fs';
import { Machine, Pc } from '../../emulator/index.js';

const RAM_BYTES = 1 << 20;
const SLICE = 10_000_000;
/** The tests need some 80 million; a failure may loop. */
const MOST_INSTRUCTIONS = 2_000_000_000;
const LAST_TEST = 0xff;
const SHOWN = 10;

/** Everything that the image has said. */
interface Transcript {
  /** POST codes in order. */
  codes: number[];
  /** Bytes by where they came from. */
  streams: Map<string, number[]>;
  instructions: number;
  /** Why it stopped. */
  end: string;
}

function runImage(image: Uint8Array): Transcript {
  const machine = new Machine({ ramBytes: RAM_BYTES, rom: image, interrupts: 'guest' });
  const streams = new Map<string, number[]>();
  const keep =
    (name: string) =>
    (byte: number): void => {
      const stream = streams.get(name);
      if (stream === undefined) streams.set(name, [byte]);
      else stream.push(byte);
    };
  const pc = new Pc(machine, {
    serial: keep('COM1'),
    serial2: keep('COM2'),
    debug: keep('port e9'),
    post: keep('port 80'),
  });
  let postPort = -1;
  const codes: number[] = [];
  machine.attach({
    readPort: (port, bytes) => pc.readPort(port, bytes),
    writePort: (port, value, bytes) => {
      if (postPort < 0) postPort = port;
      if (port === postPort) codes.push(value & 0xff);
      else if (pc.bus.isClaimed(port)) pc.writePort(port, value, bytes);
      else keep(`port ${port.toString(16)}`)(value & 0xff);
    },
    get nextEvent() {
      return pc.nextEvent;
    },
    advance: (clock) => pc.advance(clock),
    acknowledge: () => pc.acknowledge(),
  });
  machine.cpu.powerOn();
  let end = 'limit';
  while (machine.instructions < MOST_INSTRUCTIONS) {
    const exit = machine.run(SLICE);
    if (exit.kind === 'budget') continue;
    end = exit.kind;
    break;
  }
  return { codes, streams, instructions: machine.instructions, end };
}

/** The stream with the most lines: the results. Others are a printer's strobes and the like. */
function resultsOf(streams: Map<string, number[]>): { name: string; lines: string[] } {
  let results = { name: 'nowhere', lines: [] as string[] };
  for (const [name, bytes] of streams) {
    const lines = linesOf(Buffer.from(bytes).toString('latin1'));
    if (lines.length > results.lines.length) results = { name, lines };
  }
  return results;
}

function linesOf(text: string): string[] {
  const lines = text.replaceAll('\r', '').split('\n');
  while (lines.length > 0 && lines[lines.length - 1].trim() === '') lines.pop();
  return lines;
}

function main(words: readonly string[]): number {
  const [imagePath, referencePath] = words;
  if (imagePath === undefined || referencePath === undefined || words.length > 2) {
    console.error('usage: npm run test386 -- IMAGE REFERENCE');
    return 2;
  }
  const image = new Uint8Array(readFileSync(imagePath));
  const reference = linesOf(readFileSync(referencePath, 'latin1'));
  const started = Date.now();
  const run = runImage(image);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const last = run.codes.at(-1) ?? -1;
  console.log(`POST ${run.codes.map((code) => code.toString(16).padStart(2, '0')).join(' ')}`);
  console.log(`${run.end} after ${run.instructions} instructions, ${seconds} s`);
  const { name, lines } = resultsOf(run.streams);
  let differing = 0;
  for (let i = 0; i < Math.max(lines.length, reference.length); i++) {
    if (lines[i] === reference[i]) continue;
    if (++differing > SHOWN) continue;
    console.log(
      `line ${i + 1}: ${lines[i] ?? '(nothing)'}\n  reference: ${reference[i] ?? '(nothing)'}`,
    );
  }
  console.log(
    `${lines.length} lines from ${name}, ${reference.length} in the reference, ${differing} differ`,
  );
  const passed = last === LAST_TEST && differing === 0;
  console.log(passed ? 'passed' : `failed at POST ${last.toString(16)}`);
  return passed ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
