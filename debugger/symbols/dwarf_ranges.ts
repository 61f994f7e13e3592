// Address ranges of entries and location lists (DWARF 4 §2.17, §2.6.2; DWARF 5 the same, §7.25, §7.29).

import { Cursor } from './cursor.js';
import * as D from './dwarf_constants.js';
import type { Die, DwarfInfo, Unit } from './dwarf_info.js';

export interface Range {
  low: number;
  /** One past the last address. */
  high: number;
}

/** The code that belongs to an entry, before relocation; empty when it has none. */
export function rangesOf(info: DwarfInfo, die: Die): Range[] {
  const low = info.address(die, D.AT_low_pc);
  const high = die.attributes.get(D.AT_high_pc);
  if (low !== null && high !== undefined) {
    if (high.form === D.FORM_addr) return [{ low, high: Number(high.value) }];
    const indexed = high.form === D.FORM_addrx || (high.form >= 0x29 && high.form <= 0x2c);
    if (indexed) return [{ low, high: info.address(die, D.AT_high_pc) ?? low }];
    return [{ low, high: low + Number(high.value) }];
  }
  const ranges = die.attributes.get(D.AT_ranges);
  if (ranges === undefined || typeof ranges.value !== 'number') return [];
  return die.unit.version >= 5
    ? lists5(info, die.unit, ranges.form, ranges.value)
    : lists4(info, die.unit, ranges.value);
}

function lists4(info: DwarfInfo, unit: Unit, offset: number): Range[] {
  const section = info.sections.debug_ranges;
  if (section === null) return [];
  const c = new Cursor(section, Math.min(offset, section.length));
  const found: Range[] = [];
  let base = unit.lowPc;
  for (;;) {
    const [low, high] = [c.u32(), c.u32()];
    if (low === 0 && high === 0) return found;
    if (low === 0xffffffff) base = high;
    else if (low !== high) found.push({ low: base + low, high: base + high });
  }
}

function lists5(info: DwarfInfo, unit: Unit, form: number, value: number): Range[] {
  const section = info.sections.debug_rnglists;
  if (section === null) return [];
  let offset = value;
  if (form === D.FORM_rnglistx) {
    const at = unit.rnglistsBase + 4 * value;
    offset = unit.rnglistsBase + new Cursor(section, Math.min(at, section.length)).u32();
  }
  const c = new Cursor(section, Math.min(offset, section.length));
  const found: Range[] = [];
  let base = unit.lowPc;
  const indexed = (): number => info.indexedAddress(unit, c.uleb()) ?? 0;
  const add = (low: number, high: number): void => {
    if (low < high) found.push({ low, high });
  };
  for (;;) {
    switch (c.u8()) {
      case 0:
        return found;
      case 1:
        base = indexed();
        break;
      case 2:
        add(indexed(), indexed());
        break;
      case 3: {
        const low = indexed();
        add(low, low + c.uleb());
        break;
      }
      case 4:
        add(base + c.uleb(), base + c.uleb());
        break;
      case 5:
        base = c.u32();
        break;
      case 6:
        add(c.u32(), c.u32());
        break;
      case 7: {
        const low = c.u32();
        add(low, low + c.uleb());
        break;
      }
      default:
        return found;
    }
  }
}

/**
 * The location expression of an attribute that holds at `pc` (before relocation); null when the
 * object has none there.
 */
export function locationAt(info: DwarfInfo, die: Die, name: number, pc: number): Uint8Array | null {
  const attribute = info.attribute(die, name);
  if (attribute === null) return null;
  if (attribute.value instanceof Uint8Array) return attribute.value;
  if (typeof attribute.value !== 'number') return null;
  return die.unit.version >= 5
    ? location5(info, die.unit, attribute.form, attribute.value, pc)
    : location4(info, die.unit, attribute.value, pc);
}

function location4(info: DwarfInfo, unit: Unit, offset: number, pc: number): Uint8Array | null {
  const section = info.sections.debug_loc;
  if (section === null) return null;
  const c = new Cursor(section, Math.min(offset, section.length));
  let base = unit.lowPc;
  for (;;) {
    const [low, high] = [c.u32(), c.u32()];
    if (low === 0 && high === 0) return null;
    if (low === 0xffffffff) {
      base = high;
      continue;
    }
    const expression = c.block(c.u16());
    if (pc >= base + low && pc < base + high) return expression;
  }
}

function location5(
  info: DwarfInfo,
  unit: Unit,
  form: number,
  value: number,
  pc: number,
): Uint8Array | null {
  const section = info.sections.debug_loclists;
  if (section === null) return null;
  let offset = value;
  if (form === D.FORM_loclistx) {
    const at = unit.loclistsBase + 4 * value;
    offset = unit.loclistsBase + new Cursor(section, Math.min(at, section.length)).u32();
  }
  const c = new Cursor(section, Math.min(offset, section.length));
  let base = unit.lowPc;
  let otherwise: Uint8Array | null = null;
  const indexed = (): number => info.indexedAddress(unit, c.uleb()) ?? 0;
  for (;;) {
    let low = 0;
    let high = 0;
    const kind = c.u8();
    switch (kind) {
      case 0:
        return otherwise;
      case 1:
        base = indexed();
        continue;
      case 2:
        low = indexed();
        high = indexed();
        break;
      case 3:
        low = indexed();
        high = low + c.uleb();
        break;
      case 4:
        low = base + c.uleb();
        high = base + c.uleb();
        break;
      case 5:
        break;
      case 6:
        base = c.u32();
        continue;
      case 7:
        low = c.u32();
        high = c.u32();
        break;
      case 8:
        low = c.u32();
        high = low + c.uleb();
        break;
      case 9: // DW_LLE_view_pair, a GNU extension of what a view is
        c.uleb();
        c.uleb();
        continue;
      default:
        return otherwise;
    }
    const expression = c.block(c.uleb());
    if (kind === 5) otherwise = expression;
    else if (pc >= low && pc < high) return expression;
  }
}
