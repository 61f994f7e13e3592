// The scripts that shell.test.ts runs: shell_scripts/TOPIC.sh, each begun by a line "#### NAME".
// They run in an empty directory; $SH is the shell that runs them.

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ShellScript {
  readonly name: string;
  readonly text: string;
}

const directory = new URL('shell_scripts/', import.meta.url);

/** The topics, which are the names of the files. */
export const topics: readonly string[] = readdirSync(fileURLToPath(directory))
  .filter((file) => file.endsWith('.sh'))
  .map((file) => file.slice(0, -3))
  .sort();

/** The scripts of a topic, in their order. */
export function scriptsOf(topic: string): readonly ShellScript[] {
  const text = readFileSync(new URL(`${topic}.sh`, directory), 'utf8');
  return text
    .split(/^#### /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return { name: section.slice(0, end), text: section.slice(end + 1) };
    });
}
