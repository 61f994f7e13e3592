import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` as the last line, and before it what was not run and why; a test file
 * that cannot be loaded is a failure.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
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
