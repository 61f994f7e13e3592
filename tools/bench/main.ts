// npm run bench: the programs of userland/bench natively, under qemu-i386 and here, in one run.
//
//   node dist/bench.js [--rounds N] [NAME...]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guestCost, hostCost, seconds } from './measure.js';
import { CHEAPEST, INSTRUCTIONS_PER_ROUND, WORKLOADS } from './workloads.js';
import type { Workload } from './workloads.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const faultline = join(root, 'dist/faultline.js');
const programs = join(root, 'userland/build/linux');
const qemu = 'qemu-i386';

/** Natively, computations do so many times more rounds: what takes 30 ms cannot be timed. */
const LONGER = 16;

const COLUMNS: readonly (readonly [title: string, width: number, digits: number])[] = [
  ['rounds', 9, 0],
  ['MIPS', 8, 1],
  ['native s', 10, 3],
  ['qemu s', 9, 3],
  ['here s', 9, 3],
  ['x native', 10, 1],
  ['x qemu', 8, 1],
  ['warm-up s', 11, 2],
];

function row(name: string, values: readonly number[], remark: string): string {
  const cells = COLUMNS.map(([, width, digits], i) =>
    (Number.isFinite(values[i]) ? values[i].toFixed(digits) : '-').padStart(width),
  );
  return `${name.padEnd(10)}${cells.join('')}${remark === '' ? '' : `  ${remark}`}`;
}

function microseconds(s: number): string {
  return `${(s * 1e6).toFixed(2)} us`;
}

interface Result {
  workload: Workload;
  slowdown: number;
  /** Seconds a round, natively, under qemu-i386 and here. */
  native: number;
  emulated: number;
  here: number;
}

/** Measures one workload and prints its line. */
function bench(workload: Workload, rounds: number, hasQemu: boolean, log: string): Result {
  const { name, count, kind, unit } = workload;
  const isOne = kind === 'instruction';
  const program = join(programs, 'bench', isOne ? 'operations' : name);
  const args = isOne ? [name] : [];
  const native = hostCost(program, args, count, count * (kind === 'kernel' ? 1 : LONGER), rounds);
  const emulated = hasQemu ? hostCost(qemu, [program, ...args], count, count, rounds).seconds : NaN;
  const here = guestCost(faultline, [program, ...args], count, rounds, log);
  if (here === null) {
    console.log(`${name.padEnd(10)} failed`);
    process.exitCode = 1;
    return { workload, slowdown: NaN, native: NaN, emulated: NaN, here: NaN };
  }
  const warm = here.perRound * count;
  const remark =
    unit === undefined
      ? ''
      : `${microseconds(here.perRound)} a ${unit} (native ${microseconds(native.perRound)})`;
  const slowdown = warm / native.seconds;
  const values = [
    count,
    here.rate / 1e6,
    native.seconds,
    emulated,
    warm,
    slowdown,
    warm / emulated,
    here.warmup,
  ];
  console.log(row(name, values, remark));
  return {
    workload,
    slowdown,
    native: native.perRound,
    emulated: emulated / count,
    here: here.perRound,
  };
}

/**
 * What single instructions cost: here also without what the cheapest costs, which is dispatching it
 * and nothing else.
 */
function instructionCosts(results: readonly Result[]): void {
  const nanoseconds = (perRound: number): number => (perRound / INSTRUCTIONS_PER_ROUND) * 1e9;
  const cheapest = results.find((r) => r.workload.name === CHEAPEST);
  if (cheapest === undefined) return;
  const dispatch = nanoseconds(cheapest.here);
  console.log(`an instruction, ns; dispatching one costs ${dispatch.toFixed(1)} here`);
  const titles = ['native', 'qemu', 'here', 'x qemu', 'less dispatch', 'x qemu'];
  console.log(`${''.padEnd(10)}${titles.map((t) => t.padStart(15)).join('')}`);
  for (const { workload, native, emulated, here } of results) {
    const own = nanoseconds(here) - dispatch;
    const values = [
      nanoseconds(native),
      nanoseconds(emulated),
      nanoseconds(here),
      here / emulated,
      own,
      own / nanoseconds(emulated),
    ];
    const cells = values.map((v) => (Number.isFinite(v) ? v.toFixed(1) : '-').padStart(15));
    console.log(`${workload.name.padEnd(10)}${cells.join('')}`);
  }
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}

/** What starting the command costs beyond starting node. */
function startUp(rounds: number): void {
  const times = Math.max(9, rounds * 3);
  const hello = join(root, 'userland/build/freebsd/bin/hello');
  const node: number[] = [];
  const ours: number[] = [];
  for (let i = 0; i < times; i++) {
    node.push(seconds(process.execPath, ['-e', '0']));
    ours.push(seconds(process.execPath, [faultline, 'run', hello]));
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] * 1000;
  const [a, b] = [median(node), median(ours)];
  console.log(
    `start-up (medians of ${times}): node -e 0 ${a.toFixed(0)} ms, faultline run hello ` +
      `${b.toFixed(0)} ms, ${(b - a).toFixed(0)} ms more`,
  );
}

function main(words: string[]): number {
  const at = words.indexOf('--rounds');
  const rounds = at < 0 ? 3 : Number(words.splice(at, 2)[1]);
  if (!Number.isInteger(rounds) || rounds < 1) {
    console.error('bench: --rounds wants a whole number, at least 1');
    return 2;
  }
  const unknown = words.find((word) => WORKLOADS.every((w) => w.name !== word));
  if (unknown !== undefined) {
    const names = WORKLOADS.map((w) => w.name).join(' ');
    console.error(`bench: no workload '${unknown}'; there are ${names}`);
    return 2;
  }
  if (!existsSync(join(programs, 'bench'))) {
    console.error('bench: the programs are not built: make -C userland (needs gcc -m32)');
    return 1;
  }
  const hasQemu = spawnSync(qemu, ['--version']).status === 0;
  if (!hasQemu) console.error(`bench: no ${qemu} here; its columns stay empty`);
  const scratch = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  const titles = COLUMNS.map(([title, width]) => title.padStart(width)).join('');
  console.log(`${'workload'.padEnd(10)}${titles}`);
  const asked = WORKLOADS.filter((w) => words.length === 0 || words.includes(w.name));
  const wantsDispatch = asked.some((w) => w.kind === 'instruction');
  const chosen = WORKLOADS.filter(
    (w) => asked.includes(w) || (wantsDispatch && w.name === CHEAPEST),
  );
  const results = chosen.map((w) => bench(w, rounds, hasQemu, join(scratch, 'statistics')));
  rmSync(scratch, { recursive: true });
  const integer = results.filter((r) => r.workload.kind === 'integer').map((r) => r.slowdown);
  if (integer.length > 0)
    console.log(`integer workloads: ${geometricMean(integer).toFixed(1)} times native (geo. mean)`);
  instructionCosts(results.filter((r) => r.workload.kind === 'instruction'));
  if (words.length === 0) startUp(rounds);
  return Number(process.exitCode ?? 0);
}

process.exitCode = main(process.argv.slice(2));
