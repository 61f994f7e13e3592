// What a failing test leaves behind: everything its run depended on, so that the same run can be had
// again, under the debugger (`faultline debug --replay FILE`), without the sources or the compiler.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../cli/options.js';
import { errorCode, systemErrorText } from '../host/node_host.js';
import type { GuestRun, TestResult } from './types.js';

const FORMAT = 'faultline-recording';
const VERSION = 1;

export interface Recording {
  /** Name of the test. */
  name: string;
  failures: string[];
  /** Instructions that the program had executed when the run ended. */
  instructions: number;
  run: GuestRun;
}

interface Marked {
  $bytes?: string;
  $infinity?: true;
}

function pack(_key: string, value: unknown): unknown {
  if (value === Infinity) return { $infinity: true };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return value;
}

function unpack(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $bytes, $infinity } = value as Marked;
  if ($infinity === true) return Infinity;
  return $bytes === undefined ? value : new Uint8Array(Buffer.from($bytes, 'base64'));
}

/** A file name that says which test it was. */
function fileName(name: string): string {
  return `${name.replace(/[^\w.=-]+/g, '_').slice(-120)}.recording.json`;
}

/** Buffers turn themselves into JSON before `pack` sees them. */
function plain(run: GuestRun): GuestRun {
  return {
    ...run,
    program: run.program === null ? null : new Uint8Array(run.program),
    stdin: new Uint8Array(run.stdin),
    files: run.files.map((f) => ({ ...f, bytes: new Uint8Array(f.bytes) })),
  };
}

/** Writes the recording of a failed run below `directory`. @returns its path. @throws UsageError */
export function writeRecording(directory: string, result: TestResult, run: GuestRun): string {
  const path = join(directory, fileName(result.test.name));
  const recording: Recording = {
    name: result.test.name,
    failures: result.failures,
    instructions: result.outcome?.instructions ?? 0,
    run: plain(run),
  };
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      path,
      `${JSON.stringify({ format: FORMAT, version: VERSION, ...recording }, pack)}\n`,
    );
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemErrorText(errorCode(error))}`);
  }
  return path;
}

/** Whether `path` begins like a recording of a test, and not like one of --record. */
export function isTestRecording(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').slice(0, 100).includes(`"format":"${FORMAT}"`);
  } catch {
    return false;
  }
}

/** @throws UsageError when `path` is no recording of a version that is understood. */
export function readRecording(path: string): Recording {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${systemErrorText(errorCode(error))}`);
  }
  let parsed: Partial<Recording> & { format?: string; version?: number };
  try {
    parsed = JSON.parse(text, unpack) as typeof parsed;
  } catch {
    parsed = {};
  }
  if (parsed?.format !== FORMAT || parsed.run === undefined)
    throw new UsageError(`${path}: not a recording of faultline test`);
  if (parsed.version !== VERSION)
    throw new UsageError(
      `${path}: a recording of version ${parsed.version}; this faultline reads ${VERSION}`,
    );
  const { name = '', failures = [], instructions = 0, run } = parsed;
  return { name, failures, instructions, run };
}
