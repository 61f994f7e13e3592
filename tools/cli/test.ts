// faultline test, as a bundle of its own: the command, and the threads that run the guests.

import { serveAsWorker } from '../test/pool.js';
import { testCommand } from '../test/main.js';

serveAsWorker();

/** Runs `faultline test` with its words. @returns the exit status. */
export function testMain(words: string[]): Promise<number> {
  return testCommand(words, new URL(import.meta.url));
}
