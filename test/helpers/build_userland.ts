// Runs once before all test files, which would otherwise run make at the same time.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { hasGcc32, root } from './faultline.js';

/** Builds the guest programs where gcc can; the guest tests say what went wrong otherwise. */
export default function buildUserland(): void {
  if (hasGcc32()) spawnSync('make', ['-C', join(root, 'userland'), '-j2'], { stdio: 'ignore' });
}
