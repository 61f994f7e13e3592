// npm run model: the model test with as many operations as one likes.
//
//   npm run model -- [--operations N] [--seed N]

import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
  },
});
const env = { ...process.env, MODEL_OPERATIONS: values.operations };
if (values.seed !== undefined) env.MODEL_SEED = values.seed;
const { status } = spawnSync('npx', ['vitest', 'run', 'test/kernel/model.test.ts'], {
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
