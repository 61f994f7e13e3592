// Commands that show and change values, memory, code and source, and that choose a frame.

import {
  DWARF_REGISTERS,
  asInteger,
  formatInteger,
  formatValue,
  hex,
  lookupPc,
  memoryValue,
  sizeOf,
  stringAtAddress,
  strip,
  typeName,
  unitType,
  valueOf,
} from '../../debugger/index.js';
import type { FormatLetter, Value } from '../../debugger/index.js';
import { address, count, numbers, slashFormat } from './arguments.js';
import type { Command } from './commands.js';
import { disassemble, loadDisassembler } from './disassembly.js';
import { resolve } from './point_commands.js';
import { CommandError } from './session.js';
import type { Session } from './session.js';

const LETTERS = 'xduotcfasz';
const UNITS: Record<string, number> = { b: 1, h: 2, w: 4, g: 8 };
const LIST_LINES = 10;

function letterOf(format: string): FormatLetter | null {
  const letters = format.replace(/[\dbhwg]/g, '');
  if (letters === '') return null;
  if (letters.length > 1 || !LETTERS.includes(letters))
    throw new CommandError(`Undefined output format "${letters}".`);
  return letters as FormatLetter;
}

export function print(session: Session, args: string): void {
  const [format, expression] = slashFormat(args);
  const letter = letterOf(format);
  if (expression === '') {
    const last = session.variables.history.at(-1);
    if (last === undefined) throw new CommandError('The history is empty.');
    session.print(
      `$${session.variables.history.length} = ${formatValue(last, session.formatting, letter)}`,
    );
    return;
  }
  const value = session.evaluate(expression);
  // What cannot be shown in this format has a number all the same.
  session.variables.history.push(kept(value));
  const isFlags = value.place.kind === 'register' && value.place.name === 'eflags';
  const text =
    isFlags && letter === null
      ? flagNames(Number(asInteger(value)))
      : formatValue(value, session.formatting, letter);
  session.print(`$${session.variables.history.length} = ${text}`);
}

/** A value that stays what it was when it was printed. */
function kept(value: Value): Value {
  if (value.unavailable !== undefined) return value;
  if (strip(value.type).kind === 'function' || sizeOf(value.type) > 65536) return value;
  return valueOf(value.type, value.bytes().slice(), value.place);
}

async function examine(session: Session, args: string): Promise<void> {
  const [format, expression] = slashFormat(args);
  const state = session.examined;
  const match = /^(\d*)([a-z]*)$/.exec(format);
  if (match === null) throw new CommandError('Invalid number or format.');
  let n = match[1] === '' ? 1 : Math.min(Number(match[1]), 65536);
  for (const letter of match[2]) {
    if (letter in UNITS) state.unit = letter;
    else if (`${LETTERS}i`.includes(letter)) state.format = letter;
    else throw new CommandError(`Undefined output format "${letter}".`);
  }
  if (state.format === 'c' && !/[bhwg]/.test(match[2])) state.unit = 'b';
  if (state.format === 'a') state.unit = 'w';
  if (expression !== '') {
    const value = session.evaluate(expression);
    const t = strip(value.type);
    const unit = t.kind === 'pointer' ? strip(t.target) : t;
    if (state.format === 'f' && unit.kind === 'float' && !/[bhwg]/.test(match[2]))
      state.unit = unit.size === 4 ? 'w' : 'g';
    const inMemory = value.place.kind === 'memory' && t.kind !== 'pointer' && t.kind !== 'integer';
    state.address =
      inMemory && value.place.kind === 'memory'
        ? value.place.address
        : address(session, expression);
  }
  if (state.format === 'i') {
    await loadDisassembler();
    for (const line of codeLines(session, state.address, n)) session.print(line);
    const all = disassemble(session, state.address, n);
    const last = all.at(-1);
    if (last === undefined)
      throw new CommandError(`Cannot access memory at address ${hex(state.address)}`);
    state.address = last.address + last.bytes.length;
    return;
  }
  if (state.format === 's') {
    for (; n > 0; n--) examineString(session);
    return;
  }
  examineUnits(session, n);
}

function examineString(session: Session): void {
  const state = session.examined;
  const { read } = session.inspection;
  const text = stringAtAddress(state.address, read);
  if (text === null)
    throw new CommandError(`Cannot access memory at address ${hex(state.address)}`);
  session.print(`${hex(state.address)}${session.inspection.symbolic(state.address)}:\t${text}`);
  while (read(state.address, 1)[0] > 0) state.address = (state.address + 1) >>> 0;
  state.address = (state.address + 1) >>> 0;
}

function examineUnits(session: Session, n: number): void {
  const state = session.examined;
  const size = UNITS[state.unit];
  const letter = state.format as FormatLetter;
  const perLine =
    { t: size === 1 ? 8 : size === 2 ? 8 : size === 4 ? 2 : 1, c: 8, a: 2 }[letter as 't'] ??
    (size === 1 ? 8 : size === 2 ? 8 : size === 4 ? 4 : 2);
  const { read } = session.inspection;
  for (let done = 0; done < n; done += perLine) {
    const at = state.address;
    let line = `${hex(at)}${session.inspection.symbolic(at)}:`;
    for (let i = 0; i < perLine && done + i < n; i++) {
      const value = memoryValue(unitType(size, 'dcf'.includes(letter)), state.address, read);
      try {
        line += `\t${unitText(session, value, size, letter)}`;
      } catch (error) {
        if (i > 0) session.print(line);
        throw error;
      }
      state.address = (state.address + size) >>> 0;
    }
    session.print(line);
  }
}

function unitText(session: Session, value: Value, size: number, letter: FormatLetter): string {
  if (letter === 'x') {
    const plain = formatValue(value, session.formatting, 'z');
    return plain;
  }
  if (letter === 't') return formatValue(value, session.formatting, 't').padStart(size * 8, '0');
  return formatValue(value, session.formatting, letter);
}

/** Lines of x/i. */
function codeLines(session: Session, from: number, n: number): string[] {
  const pc = session.inspection.selected?.pc;
  return disassemble(session, from, n).map(
    ({ address: at, text }) =>
      `${at === pc ? '=> ' : '   '}${hex(at)}${session.inspection.symbolic(at)}:\t${text}`,
  );
}

async function dump(session: Session, args: string): Promise<void> {
  await loadDisassembler();
  const [flags, rest] = slashFormat(args);
  if (/[^rsm]/.test(flags)) throw new CommandError('Invalid disassembly modifier.');
  const { symbols, inspection } = session;
  let from: number;
  let to: number;
  const range = /^([^,]+),\s*(\+?)([\s\S]+)$/.exec(rest);
  if (range !== null) {
    from = address(session, range[1]);
    const last = address(session, range[3]);
    to = range[2] === '+' ? from + last : last;
    if (to < from || to - from > 1 << 16)
      throw new CommandError('The range is empty or too large.');
    session.print(`Dump of assembler code from ${hex(from)} to ${hex(to)}:`);
  } else {
    const frame = inspection.selected;
    if (rest === '' && frame === null) throw new CommandError('No frame selected.');
    const pc = rest === '' ? (frame?.pc ?? 0) : address(session, rest);
    const f = symbols?.functionAt(pc);
    const symbol = symbols?.symbolAt(pc) ?? null;
    if (!f && symbol === null) throw new CommandError('No function contains specified address.');
    from = f ? f.low : pc - (symbol?.offset ?? 0);
    to = f ? f.high : from + Math.max(symbol?.symbol.size ?? 0, 1);
    session.print(`Dump of assembler code for function ${f?.name ?? symbol?.name}:`);
  }
  const current = inspection.selected?.pc;
  let shown = -1;
  for (const i of disassemble(session, from, to - from)) {
    if (i.address >= to) break;
    const line = symbols?.lineAt(i.address) ?? null;
    if (/[sm]/.test(flags) && line !== null && line.line !== 0 && line.line !== shown) {
      const text = session.host.readSource(line.file)?.[line.line - 1] ?? '';
      session.print(
        `${shown < 0 ? `${session.shortName(line.file)}:` : ''}${shown < 0 ? '\n' : '\n'}${line.line}\t${text}`,
      );
      shown = line.line;
    }
    const raw = flags.includes('r')
      ? `${[...i.bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ')}\t`
      : '';
    const offset =
      range === null ? `<+${i.address - from}>` : inspection.symbolic(i.address).trim();
    const place = `0x${i.address.toString(16).padStart(8, '0')} ${offset}`.trimEnd();
    session.print(`${i.address === current ? '=> ' : '   '}${place}:\t${raw}${i.text}`);
  }
  session.print('End of assembler dump.');
}

function list(session: Session, args: string): void {
  let place: { file: string; line: number };
  const range = /^(\d+)\s*,\s*(\d+)$/.exec(args);
  if (args === '' || args === '-') {
    if (session.listed === null) {
      const frame = session.inspection.selected;
      const main = session.symbols?.functions().find((f) => f.name === 'main');
      const line = session.symbols?.lineAt(frame === null ? (main?.low ?? 0) : lookupPc(frame));
      if (!line) throw new CommandError('No symbol table is loaded.  Use the "file" command.');
      showLines(session, line.file, Math.max(1, line.line - 5), LIST_LINES);
      return;
    }
    const { file, first, last } = session.listed;
    if (args === '-') {
      if (first <= 1) throw new CommandError('Already at the start of the file.');
      const from = Math.max(1, first - LIST_LINES);
      showLines(session, file, from, first - from);
    } else if (last < first) showLines(session, file, Math.max(1, first - 5), LIST_LINES);
    else showLines(session, file, last + 1, LIST_LINES);
    return;
  }
  if (range !== null) {
    const [location] = resolve(session, range[1]);
    const file = session.symbols?.lineAt(location.address)?.file ?? '';
    showLines(
      session,
      file,
      Number(range[1]),
      Math.max(1, Number(range[2]) - Number(range[1]) + 1),
    );
    return;
  }
  const [found] = resolve(session, args);
  const line = session.symbols?.lineAt(found.address) ?? null;
  if (line === null) throw new CommandError(`No line number known for ${args}.`);
  const asked = /:?(\d+)$/.exec(args);
  place = {
    file: line.file,
    line: asked === null || args.startsWith('*') ? line.line : Number(asked[1]),
  };
  const f = session.symbols?.functionAt(found.address);
  if (asked === null && f)
    place = { ...place, line: session.symbols?.lineAt(f.low)?.line ?? place.line };
  showLines(session, place.file, Math.max(1, place.line - 5), LIST_LINES);
}

function showLines(session: Session, file: string, first: number, lines: number): void {
  const text = session.host.readSource(file);
  if (text === null)
    throw new CommandError(`${session.shortName(file)}: No such file or directory.`);
  const total = text.at(-1) === '' ? text.length - 1 : text.length;
  if (first > total)
    throw new CommandError(
      `Line number ${first} out of range; "${session.shortName(file)}" has ${total} lines.`,
    );
  const last = Math.min(total, first + lines - 1);
  for (let n = first; n <= last; n++) session.print(`${n}\t${text[n - 1]}`);
  session.listed = { file, first, last };
}

function select(session: Session, level: number): void {
  const { inspection } = session;
  if (inspection.frame(0) === null) throw new CommandError('No stack.');
  if (level < 0 || inspection.frame(level) === null)
    throw new CommandError(`No frame at level ${level}.`);
  inspection.level = level;
  showFrame(session);
}

export function showFrame(session: Session): void {
  const frame = session.inspection.selected;
  if (frame === null) throw new CommandError('No stack.');
  session.print(`#${String(frame.level).padEnd(3)}${session.frameText(frame, false)}`);
  session.sourceLine(frame.level);
}

function backtrace(session: Session, args: string): void {
  const { inspection } = session;
  if (inspection.frame(0) === null) throw new CommandError('No stack.');
  const full = /^(-?full|f)\b/.test(args);
  const limitText = args.replace(/^(-?full|f)\s*/, '');
  const limit = limitText === '' ? Infinity : count(session, limitText);
  for (let level = 0; level < Math.min(limit, 10_000); level++) {
    const frame = inspection.frame(level);
    if (frame === null) return;
    session.print(`#${String(level).padEnd(3)}${session.frameText(frame, false)}`);
    if (full)
      for (const { name, die, isArgument } of inspection.locals(frame)) {
        if (!isArgument)
          session.print(
            `        ${name} = ${formatValue(inspection.variableValue(die, frame), session.formatting)}`,
          );
      }
  }
  if (limit !== Infinity && inspection.frame(limit) !== null)
    session.print('(More stack frames follow...)');
}

/** Prints the displays; those whose names mean nothing here are passed over. */
export async function displays(session: Session): Promise<void> {
  for (const d of session.displays) {
    if (!d.enabled) continue;
    try {
      if (/[is]|\d/.test(d.format)) {
        session.print(`${d.number}: x/${d.format} ${d.expression}`);
        await examine(session, `/${d.format} ${d.expression}`);
      } else {
        const text = formatValue(
          session.evaluate(d.expression),
          session.formatting,
          letterOf(d.format),
        );
        session.print(
          `${d.number}: ${d.format === '' ? '' : `/${d.format} `}${d.expression} = ${text}`,
        );
      }
    } catch (error) {
      if (!(error instanceof Error) || !/^(Expression|Command)Error$/.test(error.name)) throw error;
    }
  }
}

function setCommand(session: Session, args: string): void {
  const setting = /^([a-z-]+(?:\s+[a-z-]+)?)\s+(\S.*)$/.exec(args);
  const [, key = '', value = ''] = setting ?? [];
  if (/^(var|variable)$/.test(args.split(/\s/)[0])) {
    session.evaluate(args.replace(/^\S+\s*/, ''));
    session.moved();
    return;
  }
  if (key === 'disassembly-flavor') {
    if (value !== 'att' && value !== 'intel') throw new CommandError(`Undefined item: "${value}".`);
    session.syntax = value;
  } else if (key === 'follow-fork-mode') {
    if (value !== 'parent' && value !== 'child')
      throw new CommandError(`Undefined item: "${value}".`);
    session.followChild = value === 'child';
  } else if (key === 'detach-on-fork') session.detachOnFork = value !== 'off';
  else if (key === 'args' || args === 'args')
    session.args = args === 'args' ? [] : value.split(/\s+/);
  else if (key === 'confirm') session.confirm = value !== 'off';
  else if (/^(pagination|height|width|style enabled|logging)$/.test(key)) return;
  else if (args === '') throw new CommandError('set wants a setting, or var EXPRESSION.');
  else session.evaluate(args);
}

export const DATA: readonly Command[] = [
  {
    name: 'print',
    aliases: ['p', 'inspect', 'call'],
    usage: '[/FORMAT] EXPRESSION',
    help: 'The value of a C expression. Formats: x d u o t c f s a z.',
    completes: 'expression',
    run: (session, args) => print(session, args),
  },
  {
    name: 'output',
    usage: '[/FORMAT] EXPRESSION',
    help: 'The same without its number.',
    completes: 'expression',
    run(session, args) {
      const [format, expression] = slashFormat(args);
      session.print(
        formatValue(session.evaluate(expression), session.formatting, letterOf(format)),
      );
    },
  },
  {
    name: 'x',
    usage: '[/COUNT FORMAT SIZE] ADDRESS',
    help: 'Memory: formats as of print, i instructions, s strings; sizes b h w g.',
    completes: 'expression',
    repeat: true,
    repeatAs: '',
    run: (session, args) => examine(session, args),
  },
  {
    name: 'set',
    usage:
      '[var] EXPRESSION | disassembly-flavor att|intel | follow-fork-mode parent|child | detach-on-fork on|off',
    help: 'Change a variable, a register or memory, or a setting.',
    completes: 'expression',
    run: (session, args) => setCommand(session, args),
  },
  {
    name: 'display',
    usage: '[/FORMAT] [EXPRESSION]',
    help: 'Print an expression at every stop.',
    completes: 'expression',
    async run(session, args) {
      if (args === '') return displays(session);
      const [format, expression] = slashFormat(args);
      if (!/[is]|\d/.test(format)) letterOf(format);
      session.evaluate(expression);
      session.displays.push({ number: session.nextDisplay++, expression, format, enabled: true });
      const all = session.displays.splice(0, session.displays.length - 1);
      await displays(session);
      session.displays.unshift(...all);
    },
  },
  {
    name: 'undisplay',
    usage: '[NUMBER...]',
    help: 'Stop displaying.',
    run(session, args) {
      const chosen = numbers(args);
      const kept = session.displays.filter((d) => chosen.length > 0 && !chosen.includes(d.number));
      session.displays.splice(0, session.displays.length, ...kept);
    },
  },
  {
    name: 'list',
    aliases: ['l'],
    usage: '[LOCATION | FIRST,LAST | -]',
    help: 'Lines of the source.',
    completes: 'location',
    repeat: true,
    repeatAs: '',
    run: (session, args) => list(session, args),
  },
  {
    name: 'disassemble',
    usage: '[/rs] [ADDRESS | FROM,TO | FROM,+LENGTH]',
    help: 'The code of a function: /s with the source, /r with the bytes.',
    completes: 'expression',
    run: (session, args) => dump(session, args),
  },
  {
    name: 'backtrace',
    aliases: ['bt', 'where'],
    usage: '[full] [COUNT]',
    help: 'The stack of calls.',
    run: (session, args) => backtrace(session, args),
  },
  {
    name: 'frame',
    aliases: ['f'],
    usage: '[LEVEL]',
    help: 'Select a frame of the stack.',
    run: (session, args) =>
      args === '' ? showFrame(session) : select(session, count(session, args)),
  },
  {
    name: 'up',
    usage: '[N]',
    help: 'Select the caller.',
    repeat: true,
    run(session, args) {
      const { inspection } = session;
      const n = args === '' ? 1 : count(session, args);
      if (inspection.frame(0) === null) throw new CommandError('No stack.');
      if (inspection.frame(inspection.level + 1) === null && n > 0)
        throw new CommandError("Initial frame selected; you can't go up.");
      let level = inspection.level;
      while (level < inspection.level + n && inspection.frame(level + 1) !== null) level++;
      select(session, level);
    },
  },
  {
    name: 'down',
    usage: '[N]',
    help: 'Select the frame that was called.',
    repeat: true,
    run(session, args) {
      const { inspection } = session;
      if (inspection.frame(0) === null) throw new CommandError('No stack.');
      if (inspection.level === 0)
        throw new CommandError("Bottom (innermost) frame selected; you can't go down.");
      select(session, Math.max(0, inspection.level - (args === '' ? 1 : count(session, args))));
    },
  },
  {
    name: 'ptype',
    usage: 'EXPRESSION',
    help: 'The type of an expression.',
    completes: 'expression',
    run(session, args) {
      session.print(`type = ${typeText(session.typeOf(args))}`);
    },
  },
  {
    name: 'whatis',
    usage: 'EXPRESSION',
    help: 'The name of its type.',
    completes: 'expression',
    run(session, args) {
      session.print(`type = ${typeName(session.typeOf(args))}`);
    },
  },
  {
    name: 'echo',
    usage: 'TEXT',
    help: 'Print a text.',
    run(session, args) {
      session.print(args.replace(/\\n/g, '\n').replace(/\n$/, ''));
    },
  },
];

function typeText(type: Value['type']): string {
  const t = strip(type);
  if (t.kind === 'struct') {
    const members = t.members.map(
      (m) =>
        `    ${typeName(m.type, m.name).replace(/\* (?=\w)/, '*')}${m.bits === null ? '' : ` : ${m.bits.width}`};\n`,
    );
    return `${t.keyword} ${t.name === '' ? '' : `${t.name} `}{\n${members.join('')}}`;
  }
  if (t.kind === 'enum')
    return `enum ${t.name === '' ? '' : `${t.name} `}{${t.enumerators.map((e) => e.name).join(', ')}}`;
  return typeName(type.kind === 'typedef' ? t : type);
}

/** Lines of `info registers`. */
export function registerLines(session: Session, names: readonly string[]): string[] {
  return names.map((name) => {
    const value = session.inspection.register(name.replace(/^\$/, ''));
    if (value === null) throw new CommandError(`Invalid register \`${name}'`);
    const plain = name.replace(/^\$/, '');
    const head = plain.padEnd(15);
    if (/^st\d$/.test(plain))
      return `${head}${formatValue(value, session.formatting).padEnd(18)} (raw 0x${[
        ...value.bytes().subarray(0, 10),
      ]
        .reverse()
        .map((b) => b.toString(16).padStart(2, '0'))
        .join('')})`;
    if (value.unavailable !== undefined) return `${head}${value.unavailable}`;
    const raw = formatInteger(BigInt(address(session, `$${plain}`)), sizeOf(value.type), 'x');
    return `${head}${raw.padEnd(19)} ${naturalRegister(session, plain, value)}`;
  });
}

function naturalRegister(session: Session, name: string, value: Value): string {
  if (name === 'eflags') return flagNames(address(session, '$eflags'));
  if (name === 'eip') {
    const at = address(session, '$eip');
    return `${hex(at)}${session.inspection.symbolic(at)}`;
  }
  if (DWARF_REGISTERS.some((n) => n === name) && strip(value.type).kind === 'pointer')
    return hex(address(session, `$${name}`));
  return formatValue(value, session.formatting, 'd');
}

const FLAGS = [[0, 'CF'], [2, 'PF'], [4, 'AF'], [6, 'ZF'], [7, 'SF'], [8, 'TF'], [9, 'IF'], [10, 'DF'], [11, 'OF'], [14, 'NT'], [16, 'RF'], [17, 'VM'], [18, 'AC'], [21, 'ID']] as const; // prettier-ignore

export function flagNames(eflags: number): string {
  const names = FLAGS.filter(([bit]) => (eflags >> bit) & 1).map(([, name]) => name);
  return `[ ${names.map((name) => `${name} `).join('')}]`;
}
