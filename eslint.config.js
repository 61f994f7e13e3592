import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Names that exist only in Node or only in a browser; the machine and the kernel must run in both. */
const hostGlobals = [
  'process',
  'Buffer',
  'console',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'window',
  'document',
  'navigator',
  'TextDecoder',
  'TextEncoder',
  'fetch',
  'crypto',
].map((name) => ({
  name,
  message: 'Not in the machine or the kernel: hand it in through an interface.',
}));

const noNode = { group: ['node:*'], message: 'node: belongs in tools/ and test/.' };

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'userland/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always'],
      'no-constant-condition': ['error', { checkLoops: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['tools/**/*.ts', 'test/**/*.ts', 'tools/**/*.js', 'tools/**/*.mjs', '*.config.*'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
  },
  {
    // emulator <- kernel <- debugger <- tools; nothing imports test.
    files: ['emulator/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...hostGlobals],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noNode,
            {
              group: ['**/kernel/**', '**/debugger/**', '**/tools/**', '**/test/**'],
              message: 'emulator/ imports nothing outside itself.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['kernel/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...hostGlobals],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noNode,
            {
              group: ['**/debugger/**', '**/tools/**', '**/test/**'],
              message: 'kernel/ imports only emulator/index.js.',
            },
            {
              group: ['**/emulator/**', '!**/emulator/index.js'],
              message: 'kernel/ sees only the public surface, emulator/index.js.',
            },
          ],
        },
      ],
    },
  },
  {
    // The machine-independent VM sees the MMU through vm/pmap.ts alone.
    files: ['kernel/vm/**/*.ts'],
    ignores: ['kernel/vm/pmap.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noNode,
            {
              group: ['**/tools/**', '**/test/**'],
              message: 'kernel/ imports only emulator/index.js.',
            },
            { group: ['**/i386/pmap*'], allowTypeImports: true, message: 'Go through vm/pmap.ts.' },
          ],
        },
      ],
    },
  },
  {
    files: ['debugger/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...hostGlobals],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noNode,
            {
              group: ['**/tools/**', '**/test/**'],
              message: 'debugger/ imports only emulator/index.js and kernel/index.js.',
            },
            {
              group: [
                '**/emulator/**',
                '**/kernel/**',
                '!**/emulator/index.js',
                '!**/kernel/index.js',
              ],
              message: 'debugger/ sees only the public surfaces.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['tools/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          // tools/test is the test runner.
          patterns: [
            { group: ['../../test/**', '../../../test/**'], message: 'nothing imports test/.' },
          ],
        },
      ],
    },
  },
);
