import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { root } from './faultline.js';

/** Titles and ends of all tests by file, for `npm run rows`; of files not run now, as they last were. */
const TITLES = join(root, 'node_modules/.cache/faultline/titles.json');

function read_titles(): Record<string, { title: string; state: string }[]> {
  try {
    return JSON.parse(readFileSync(TITLES, 'utf8')) as ReturnType<typeof read_titles>;
  } catch {
    return {};
  }
}

function write_titles(modules: readonly TestModule[]): void {
  const files = read_titles();
  for (const module of modules) {
    files[relative(root, module.moduleId)] = [...module.children.allTests()].map((test) => ({
      title: test.fullName,
      state: test.result().state,
    }));
  }
  mkdirSync(dirname(TITLES), { recursive: true });
  writeFileSync(TITLES, JSON.stringify(files));
}

/**
 * Prints `N passed, N failed` as the last line, and before it what was not run and why; a test file
 * that cannot be loaded is a failure.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    write_titles(modules);
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const missing = new Set<string>();
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) {
        const result = test.result();
        counts[result.state]++;
        if (result.state === 'skipped' && result.note) missing.add(result.note);
      }
      if (module.state() === 'failed' && counts.failed === before) counts.failed++;
    }
    const notRun = counts.skipped + counts.pending;
    process.on('exit', () => {
      if (notRun > 0) console.log(`${notRun} not run. Missing: ${[...missing].join('; ')}`);
      console.log(`${counts.passed} passed, ${counts.failed} failed`);
    });
  }
}
