// Compares what a run did with what its test expects.

import { readFileSync, writeFileSync } from 'node:fs';
import { difference } from './diff.js';
import { compare } from './metrics.js';
import type { GuestOutcome, StreamExpectation, TestCase } from './types.js';

export interface Judgement {
  failures: string[];
  /** Golden files that were written. */
  updated: string[];
}

const LATIN1 = 'latin1';

function ending(test: TestCase, o: GuestOutcome): string[] {
  const { limits } = test.run;
  switch (o.end) {
    case 'refused':
      return [`the program was not executed: ${o.reason}`];
    case 'panic':
      return [`the kernel gave up: ${o.reason}`];
    case 'instruction-limit':
      return [`it executed more than ${limits.instructions} instructions`];
    case 'time-limit':
      return [`it took longer than ${limits.seconds} s`];
    case 'memory-limit':
      return [`it used more than ${limits.memoryBytes} bytes of memory`];
    case 'asleep':
      return [`every process sleeps for ever: ${o.reason}`];
    case 'signal':
      if (test.signal === o.signal) return [];
      return [`ended by ${o.signal}, not ${wanted(test)}`];
    case 'exited':
      if (test.signal === null && (test.status === 'any' || test.status === o.status)) return [];
      return [`exit status ${o.status}, not ${wanted(test)}`];
  }
}

function wanted({ signal, status }: TestCase): string {
  return signal !== null
    ? `ended by ${signal}`
    : status === 'any'
      ? 'an exit status'
      : `exit status ${status}`;
}

function golden(file: string): string | null {
  try {
    return readFileSync(file, LATIN1);
  } catch {
    return null;
  }
}

function streamFailure(
  name: string,
  e: StreamExpectation,
  text: string,
  update: boolean,
  updated: string[],
): string | null {
  switch (e.kind) {
    case 'exact':
      return e.text === text
        ? null
        : `${name} is not what was expected:\n${difference(e.text, text)}`;
    case 'matches': {
      // Patterns are written in UTF-8, as the output mostly is.
      const found = new RegExp(e.pattern, e.flags).test(Buffer.from(text, LATIN1).toString('utf8'));
      if (found !== e.negated) return null;
      const shown = text === '' ? 'it is empty' : `it is:\n${difference(text, text)}`;
      return `${name} ${e.negated ? 'matches' : 'does not match'} /${e.pattern}/; ${shown}`;
    }
    case 'golden': {
      const known = golden(e.file);
      if (known === text) return null;
      if (update) {
        writeFileSync(e.file, text, LATIN1);
        updated.push(e.file);
        return null;
      }
      return known === null
        ? `${e.file} is not there; --update writes it`
        : `${name} is not what ${e.file} has (--update renews it):\n${difference(known, text)}`;
    }
  }
}

/** What is wrong with an outcome, one entry each; none when the test passes. */
export function judge(test: TestCase, outcome: GuestOutcome, update: boolean): Judgement {
  const updated: string[] = [];
  const failures = ending(test, outcome);
  // A run that was cut short must not become the reference.
  const mayUpdate = update && failures.length === 0;
  for (const name of ['stdout', 'stderr'] as const) {
    const text = Buffer.from(outcome[name]).toString(LATIN1);
    for (const e of test[name]) {
      const failure = streamFailure(name, e, text, mayUpdate, updated);
      if (failure !== null) failures.push(failure);
    }
  }
  for (const { metric, op, value, text } of test.expect) {
    const left = outcome.metrics[metric];
    const right = typeof value === 'number' ? value : outcome.metrics[value];
    if (left === undefined || right === undefined)
      failures.push(`${text}: not known, the run did not end`);
    else if (!compare(left, op, right))
      failures.push(
        `${text}: ${metric} is ${left}${typeof value === 'string' ? `, ${value} is ${right}` : ''}`,
      );
  }
  failures.push(...outcome.violations);
  return { failures, updated };
}
