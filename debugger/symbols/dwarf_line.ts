// Line number programs, .debug_line (DWARF 4 §6.2, DWARF 5 §6.2).

import { Cursor, FormatError, stringAt } from './cursor.js';
import {
  FORM_block,
  FORM_data1,
  FORM_data16,
  FORM_data2,
  FORM_data4,
  FORM_data8,
  FORM_line_strp,
  FORM_string,
  FORM_strp,
  FORM_udata,
} from './dwarf_constants.js';

/** One row of a line table: the code from `address` to the next row's belongs to `file`:`line`. */
export interface LineRow {
  /** Before relocation. */
  address: number;
  /** Path, as the compiler was given it; joined with its directory when it is relative. */
  file: string;
  /** 0: no line of the source. */
  line: number;
  column: number;
  isStatement: boolean;
  /** The address is the first behind a sequence; there is no code of the row's. */
  endSequence: boolean;
}

export interface LineSections {
  debug_line: Uint8Array;
  debug_str: Uint8Array | null;
  debug_line_str: Uint8Array | null;
}

interface Header {
  version: number;
  minInstruction: number;
  maxOps: number;
  defaultIsStatement: boolean;
  lineBase: number;
  lineRange: number;
  opcodeBase: number;
  lengths: number[];
  files: string[];
  program: Cursor;
}

const LNCT_path = 1;
const LNCT_directory_index = 2;

/** Joins a directory and a name that may be absolute. */
export function joinPath(directory: string, name: string): string {
  return directory === '' || name.startsWith('/')
    ? name
    : `${directory.replace(/\/$/, '')}/${name}`;
}

function readForm(c: Cursor, form: number, sections: LineSections): string | number {
  switch (form) {
    case FORM_string:
      return c.string();
    case FORM_line_strp:
      return stringAt(sections.debug_line_str, c.u32());
    case FORM_strp:
      return stringAt(sections.debug_str, c.u32());
    case FORM_udata:
      return c.uleb();
    case FORM_data1:
      return c.u8();
    case FORM_data2:
      return c.u16();
    case FORM_data4:
      return c.u32();
    case FORM_data8:
      return Number(c.u64());
    case FORM_data16:
      c.skip(16);
      return 0;
    case FORM_block:
      c.skip(c.uleb());
      return 0;
    default:
      throw new FormatError(`form 0x${form.toString(16)} in a line table`);
  }
}

function readEntries(c: Cursor, sections: LineSections): { name: string; directory: number }[] {
  const formats = Array.from({ length: c.u8() }, () => [c.uleb(), c.uleb()] as const);
  const count = c.uleb();
  const entries = [];
  for (let i = 0; i < count; i++) {
    const entry = { name: '', directory: 0 };
    for (const [content, form] of formats) {
      const value = readForm(c, form, sections);
      if (content === LNCT_path) entry.name = String(value);
      else if (content === LNCT_directory_index) entry.directory = Number(value);
    }
    entries.push(entry);
  }
  return entries;
}

function filesOf5(c: Cursor, sections: LineSections, compDir: string): string[] {
  const directories = readEntries(c, sections).map(({ name }) => joinPath(compDir, name));
  return readEntries(c, sections).map(({ name, directory }) =>
    joinPath(directories[directory] ?? compDir, name),
  );
}

function filesOf4(c: Cursor, compDir: string): string[] {
  const directories = [compDir];
  for (let name = c.string(); name !== ''; name = c.string())
    directories.push(joinPath(compDir, name));
  // Files are numbered from 1 before DWARF 5.
  const files = [''];
  for (let name = c.string(); name !== ''; name = c.string()) {
    files.push(joinPath(directories[c.uleb()] ?? compDir, name));
    c.uleb();
    c.uleb();
  }
  return files;
}

function readHeader(sections: LineSections, offset: number, compDir: string): Header {
  const c = new Cursor(sections.debug_line, offset);
  const length = c.u32();
  if (length >= 0xfffffff0) throw new FormatError('64-bit DWARF');
  const end = c.at + length;
  const version = c.u16();
  if (version < 2 || version > 5) throw new FormatError(`line table of version ${version}`);
  if (version >= 5) c.skip(2); // sizes of addresses and segment selectors
  const headerLength = c.u32();
  const start = c.at + headerLength;
  const minInstruction = c.u8();
  const maxOps = version >= 4 ? c.u8() : 1;
  const defaultIsStatement = c.u8() !== 0;
  const lineBase = c.i8();
  const lineRange = c.u8();
  const opcodeBase = c.u8();
  const lengths = [0];
  for (let i = 1; i < opcodeBase; i++) lengths.push(c.u8());
  const files = version >= 5 ? filesOf5(c, sections, compDir) : filesOf4(c, compDir);
  return {
    version,
    minInstruction,
    maxOps,
    defaultIsStatement,
    lineBase,
    lineRange: Math.max(1, lineRange),
    opcodeBase,
    lengths,
    files,
    program: new Cursor(sections.debug_line, start, end),
  };
}

/**
 * Executes the line program at `offset`. `compDir` is what relative names are relative to.
 * @throws FormatError when the table is damaged.
 */
export function readLineTable(
  sections: LineSections,
  offset: number,
  compDir: string,
): { files: string[]; rows: LineRow[] } {
  const h = readHeader(sections, offset, compDir);
  const rows: LineRow[] = [];
  let address = 0;
  let file = 1;
  let line = 1;
  let column = 0;
  let isStatement = h.defaultIsStatement;
  const c = h.program;
  const emit = (endSequence: boolean): void => {
    rows.push({ address, file: h.files[file] ?? '', line, column, isStatement, endSequence });
  };
  const advance = (operations: number): void => {
    address = (address + operations * h.minInstruction) >>> 0;
  };
  const reset = (): void => {
    address = 0;
    file = 1;
    line = 1;
    column = 0;
    isStatement = h.defaultIsStatement;
  };
  while (!c.done) {
    const opcode = c.u8();
    if (opcode >= h.opcodeBase) {
      const adjusted = opcode - h.opcodeBase;
      advance(Math.floor(adjusted / h.lineRange));
      line += h.lineBase + (adjusted % h.lineRange);
      emit(false);
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = c.uleb();
        const next = c.at + length;
        const extended = length > 0 ? c.u8() : 0;
        if (extended === 1) {
          emit(true);
          reset();
        } else if (extended === 2) address = c.u32();
        c.at = Math.min(next, c.end);
        break;
      }
      case 1:
        emit(false);
        break;
      case 2:
        advance(c.uleb());
        break;
      case 3:
        line += c.sleb();
        break;
      case 4:
        file = c.uleb();
        break;
      case 5:
        column = c.uleb();
        break;
      case 6:
        isStatement = !isStatement;
        break;
      case 8:
        advance(Math.floor((255 - h.opcodeBase) / h.lineRange));
        break;
      case 9:
        address = (address + c.u16()) >>> 0;
        break;
      case 12:
        c.uleb();
        break;
      default:
        for (let i = 0; i < h.lengths[opcode]; i++) c.uleb();
    }
  }
  return { files: h.files.filter((name) => name !== ''), rows };
}
