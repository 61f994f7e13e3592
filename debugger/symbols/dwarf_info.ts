// Debugging information entries, .debug_info and .debug_abbrev (DWARF 4 and 5, §7.5).

import { Cursor, FormatError, stringAt } from './cursor.js';
import * as D from './dwarf_constants.js';

/** Sections by their names without the dot; null when the file has none. */
export interface DwarfSections {
  debug_info: Uint8Array | null;
  debug_abbrev: Uint8Array | null;
  debug_line: Uint8Array | null;
  debug_str: Uint8Array | null;
  debug_line_str: Uint8Array | null;
  debug_str_offsets: Uint8Array | null;
  debug_addr: Uint8Array | null;
  debug_ranges: Uint8Array | null;
  debug_rnglists: Uint8Array | null;
  debug_loc: Uint8Array | null;
  debug_loclists: Uint8Array | null;
}

/** Value of an attribute; references are offsets into .debug_info. */
export type AttributeValue = number | bigint | string | Uint8Array;

export interface Attribute {
  form: number;
  value: AttributeValue;
}

/** A debugging information entry. */
export interface Die {
  offset: number;
  tag: number;
  attributes: Map<number, Attribute>;
  children: Die[];
  parent: Die | null;
  unit: Unit;
}

export interface Unit {
  version: number;
  offset: number;
  end: number;
  root: Die;
  /** Address that offsets of range and location lists are relative to. */
  lowPc: number;
  strOffsetsBase: number;
  addrBase: number;
  rnglistsBase: number;
  loclistsBase: number;
}

interface Abbreviation {
  tag: number;
  hasChildren: boolean;
  /** [attribute, form, implicit constant] */
  attributes: (readonly [number, number, number])[];
}

function readAbbreviations(section: Uint8Array, offset: number): Map<number, Abbreviation> {
  const c = new Cursor(section, offset);
  const table = new Map<number, Abbreviation>();
  for (let code = c.uleb(); code !== 0; code = c.uleb()) {
    const abbreviation: Abbreviation = { tag: c.uleb(), hasChildren: c.u8() !== 0, attributes: [] };
    for (;;) {
      const name = c.uleb();
      const form = c.uleb();
      const constant = form === D.FORM_implicit_const ? c.sleb() : 0;
      if (name === 0 && form === 0) break;
      abbreviation.attributes.push([name, form, constant]);
    }
    table.set(code, abbreviation);
  }
  return table;
}

/** Everything that .debug_info says, unit by unit. */
export class DwarfInfo {
  readonly sections: DwarfSections;
  readonly units: Unit[] = [];
  readonly #dies = new Map<number, Die>();

  /** Reads all units; one that is damaged or of another version is left out. */
  constructor(sections: DwarfSections) {
    this.sections = sections;
    const { debug_info, debug_abbrev } = sections;
    if (debug_info === null || debug_abbrev === null) return;
    let at = 0;
    while (at + 11 <= debug_info.length) {
      const length = new Cursor(debug_info, at).u32();
      const end = at + 4 + length;
      if (length >= 0xfffffff0 || end > debug_info.length) return;
      try {
        const unit = this.#unit(debug_info, debug_abbrev, at, end);
        if (unit !== null) this.units.push(unit);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
      at = end;
    }
  }

  /** The entry at an offset into .debug_info. */
  die(offset: number): Die | null {
    return this.#dies.get(offset) ?? null;
  }

  #unit(info: Uint8Array, abbrev: Uint8Array, offset: number, end: number): Unit | null {
    const c = new Cursor(info, offset + 4, end);
    const version = c.u16();
    if (version < 2 || version > 5) return null;
    let abbrevOffset: number;
    if (version >= 5) {
      const type = c.u8();
      c.skip(1);
      abbrevOffset = c.u32();
      if (type !== 1 && type !== 3) return null; // only units that are compiled here
    } else {
      abbrevOffset = c.u32();
      c.skip(1);
    }
    const table = readAbbreviations(abbrev, abbrevOffset);
    const unit = {
      version,
      offset,
      end,
      lowPc: 0,
      strOffsetsBase: 8,
      addrBase: 8,
      rnglistsBase: 12,
      loclistsBase: 12,
    } as Unit;
    let parent: Die | null = null;
    while (!c.done) {
      const dieOffset = c.at;
      const code = c.uleb();
      if (code === 0) {
        if (parent === null) break;
        parent = parent.parent;
        if (parent === null) break;
        continue;
      }
      const abbreviation = table.get(code);
      if (abbreviation === undefined) throw new FormatError(`no abbreviation ${code}`);
      const die: Die = {
        offset: dieOffset,
        tag: abbreviation.tag,
        attributes: new Map(),
        children: [],
        parent,
        unit,
      };
      for (const [name, form, constant] of abbreviation.attributes)
        die.attributes.set(name, readAttribute(c, unit, form, constant));
      this.#dies.set(dieOffset, die);
      if (parent === null) {
        if (unit.root !== undefined) break;
        unit.root = die;
        this.#bases(unit, die);
      } else parent.children.push(die);
      if (abbreviation.hasChildren) parent = die;
      else if (parent === null) break;
    }
    return unit.root === undefined ? null : unit;
  }

  #bases(unit: Unit, root: Die): void {
    const offset = (name: number, otherwise: number): number => {
      const value = root.attributes.get(name)?.value;
      return typeof value === 'number' ? value : otherwise;
    };
    unit.strOffsetsBase = offset(D.AT_str_offsets_base, unit.strOffsetsBase);
    unit.addrBase = offset(D.AT_addr_base, unit.addrBase);
    unit.rnglistsBase = offset(D.AT_rnglists_base, unit.rnglistsBase);
    unit.loclistsBase = offset(D.AT_loclists_base, unit.loclistsBase);
    unit.lowPc = this.address(root, D.AT_low_pc) ?? 0;
  }

  /** An attribute, also from the entry that this one completes or is a copy of. */
  attribute(die: Die, name: number): Attribute | null {
    for (let d: Die | null = die, hops = 0; d !== null && hops < 8; hops++) {
      const found = d.attributes.get(name);
      if (found !== undefined) return found;
      const link: Attribute | undefined =
        d.attributes.get(D.AT_abstract_origin) ?? d.attributes.get(D.AT_specification);
      d = typeof link?.value === 'number' ? this.die(link.value) : null;
    }
    return null;
  }

  string(die: Die, name: number): string {
    const attribute = this.attribute(die, name);
    if (attribute === null) return '';
    const { form, value } = attribute;
    if (typeof value === 'string') return value;
    if (typeof value !== 'number') return '';
    const { debug_str, debug_line_str, debug_str_offsets } = this.sections;
    if (form === D.FORM_strp) return stringAt(debug_str, value);
    if (form === D.FORM_line_strp) return stringAt(debug_line_str, value);
    if (debug_str_offsets === null) return '';
    const at = die.unit.strOffsetsBase + 4 * value;
    if (at + 4 > debug_str_offsets.length) return '';
    return stringAt(debug_str, new Cursor(debug_str_offsets, at).u32());
  }

  /** A number; null when the attribute is missing or is something else. */
  number(die: Die, name: number): number | null {
    const value = this.attribute(die, name)?.value;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'number' ? value : null;
  }

  /** The entry that a reference leads to. */
  reference(die: Die, name: number): Die | null {
    const value = this.attribute(die, name)?.value;
    return typeof value === 'number' ? this.die(value) : null;
  }

  /** An address, before relocation. */
  address(die: Die, name: number): number | null {
    const attribute = die.attributes.get(name);
    if (attribute === undefined || typeof attribute.value !== 'number') return null;
    return isAddressIndex(attribute.form)
      ? this.indexedAddress(die.unit, attribute.value)
      : attribute.value;
  }

  /** Entry `index` of .debug_addr. */
  indexedAddress(unit: Unit, index: number): number | null {
    const { debug_addr } = this.sections;
    const at = unit.addrBase + 4 * index;
    return debug_addr === null || at + 4 > debug_addr.length
      ? null
      : new Cursor(debug_addr, at).u32();
  }
}

function isAddressIndex(form: number): boolean {
  return form === D.FORM_addrx || (form >= D.FORM_addrx1 && form <= D.FORM_addrx4);
}

function readAttribute(c: Cursor, unit: Unit, form: number, constant: number): Attribute {
  return { form, value: readForm(c, unit, form, constant) };
}

function readForm(c: Cursor, unit: Unit, form: number, constant: number): AttributeValue {
  switch (form) {
    case D.FORM_addr:
    case D.FORM_data4:
    case D.FORM_strp:
    case D.FORM_line_strp:
    case D.FORM_sec_offset:
    case D.FORM_strx4:
    case D.FORM_addrx4:
    case D.FORM_ref_addr:
      return c.u32();
    case D.FORM_data1:
    case D.FORM_flag:
    case D.FORM_strx1:
    case D.FORM_addrx1:
      return c.u8();
    case D.FORM_data2:
    case D.FORM_strx2:
    case D.FORM_addrx2:
      return c.u16();
    case D.FORM_strx3:
    case D.FORM_addrx3:
      return c.u24();
    case D.FORM_data8:
    case D.FORM_ref_sig8:
      return c.u64();
    case D.FORM_data16:
      return c.block(16);
    case D.FORM_sdata:
      return c.sleb();
    case D.FORM_udata:
    case D.FORM_strx:
    case D.FORM_addrx:
    case D.FORM_loclistx:
    case D.FORM_rnglistx:
      return c.uleb();
    case D.FORM_string:
      return c.string();
    case D.FORM_block1:
      return c.block(c.u8());
    case D.FORM_block2:
      return c.block(c.u16());
    case D.FORM_block4:
      return c.block(c.u32());
    case D.FORM_block:
    case D.FORM_exprloc:
      return c.block(c.uleb());
    case D.FORM_flag_present:
      return 1;
    case D.FORM_implicit_const:
      return constant;
    case D.FORM_ref1:
      return unit.offset + c.u8();
    case D.FORM_ref2:
      return unit.offset + c.u16();
    case D.FORM_ref4:
      return unit.offset + c.u32();
    case D.FORM_ref8:
      return unit.offset + Number(c.u64());
    case D.FORM_ref_udata:
      return unit.offset + c.uleb();
    case D.FORM_indirect: {
      const actual = c.uleb();
      if (actual === D.FORM_indirect) throw new FormatError('an indirect form of itself');
      return readForm(c, unit, actual, 0);
    }
    default:
      throw new FormatError(`unknown form 0x${form.toString(16)}`);
  }
}
