// Bundles the sources into dist/: `node tools/build.mjs [--quick]`. --quick leaves out the type
// declarations and everything but the command itself, and does nothing when dist/ is up to date.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const quick = process.argv.includes('--quick');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Newest modification time below `dir`, in milliseconds. */
function newest(dir) {
  let latest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    const time = entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    if (time > latest) latest = time;
  }
  return latest;
}

function upToDate() {
  try {
    const built = statSync(join(root, 'dist/faultline.js')).mtimeMs;
    return ['emulator', 'kernel', 'debugger', 'tools'].every(
      (dir) => newest(join(root, dir)) < built,
    );
  } catch {
    return false;
  }
}

const entryPoints = {
  faultline: 'tools/cli/main.ts',
  // Loaded by `faultline debug` and `faultline dap` alone: the other commands do not read them.
  debug: 'tools/cli/debug.ts',
  // Likewise `faultline test`, and its threads.
  test: 'tools/cli/test.ts',
  dap: 'tools/cli/dap.ts',
  // And by --record and `faultline replay`.
  record: 'tools/cli/record.ts',
};
if (!quick) {
  Object.assign(entryPoints, {
    machine: 'emulator/index.ts',
    kernel: 'kernel/index.ts',
    debugger: 'debugger/index.ts',
    testing: 'tools/test/testing.ts',
    bench: 'tools/bench/main.ts',
    hwtest: 'tools/hwtest/main.ts',
    test386: 'tools/test386/main.ts',
  });
}

if (!quick || !upToDate()) {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    sourcemap: true,
    legalComments: 'none',
    define: { FAULTLINE_VERSION: JSON.stringify(version) },
    external: ['iced-x86', './debug.js', './test.js', './dap.js', './record.js'],
    logLevel: 'warning',
  });
}
if (!quick) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-b', 'tools'], { cwd: root, stdio: 'inherit' });
}
