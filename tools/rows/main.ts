// `npm run rows`: rows of the virtual memory system with and without a test, from the titles of the
// tests that ran last (test/helpers/closing_line.ts writes them down).
//
//   rows [--all] [--json]     --all: also the tests of each row

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LATER, SECTIONS } from './rows.js';

/** Tests of one file, as they ended. */
interface ran_test {
  title: string;
  state: string;
}

interface row {
  number: number;
  text: string;
  section: string;
  later: boolean;
  passed: string[];
  /** Tests that name the row but failed or were not run. */
  other: string[];
}

/** The bundle of this file is in node_modules/.cache/faultline. */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const titles = join(root, 'node_modules/.cache/faultline/titles.json');

function read_tests(): ran_test[] {
  if (!existsSync(titles)) return [];
  const files = JSON.parse(readFileSync(titles, 'utf8')) as Record<string, ran_test[]>;
  return Object.entries(files).flatMap(([file, tests]) =>
    existsSync(join(root, file)) ? tests : [],
  );
}

function rows_of(tests: readonly ran_test[]): row[] {
  const rows: row[] = [];
  for (const { title: section, first, rows: texts } of SECTIONS)
    texts.forEach((text, i) => {
      const number = first + i;
      rows.push({ number, text, section, later: LATER.has(number), passed: [], other: [] });
    });
  for (const { title, state } of tests) {
    for (const number of new Set([...title.matchAll(/\bvm#(\d+)/g)].map((m) => Number(m[1])))) {
      const found = rows.find((r) => r.number === number);
      if (found === undefined) throw new Error(`there is no row ${number}: ${title}`);
      (state === 'passed' ? found.passed : found.other).push(title);
    }
  }
  return rows;
}

function print(rows: readonly row[], all: boolean): void {
  let section = '';
  for (const r of rows) {
    if (r.section !== section) console.log(`\n${(section = r.section)}`);
    const many = `${r.passed.length} test${r.passed.length === 1 ? '' : 's'}`;
    let what = many;
    if (r.passed.length === 0) what = r.later ? 'later' : 'NO TEST';
    if (r.other.length > 0) what += `, ${r.other.length} did not pass`;
    console.log(`  ${String(r.number).padStart(3)}  ${what.padEnd(9)} ${r.text}`);
    if (all) for (const title of [...r.passed, ...r.other]) console.log(`         ${title}`);
  }
  const wanted = rows.filter((r) => !r.later);
  const without = wanted.filter((r) => r.passed.length === 0).map((r) => r.number);
  console.log(`\n${wanted.length - without.length} of ${wanted.length} rows have a test`);
  if (without.length > 0) console.log(`without: ${without.join(' ')}`);
}

const tests = read_tests();
if (tests.length === 0) {
  console.error('no test has run: npm test writes down which did');
  process.exitCode = 1;
} else {
  const rows = rows_of(tests);
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2));
  else print(rows, process.argv.includes('--all'));
  if (rows.some((r) => !r.later && r.passed.length === 0)) process.exitCode = 1;
}
