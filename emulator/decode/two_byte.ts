// Opcodes of two bytes, 0F xx.

import * as atomic from '../instructions/atomic.js';
import * as bit from '../instructions/bit.js';
import * as controlRegisters from '../instructions/control_registers.js';
import * as control from '../instructions/control.js';
import * as tables from '../instructions/descriptor_tables.js';
import * as far from '../instructions/far.js';
import * as mov from '../instructions/mov.js';
import * as msr from '../instructions/msr.js';
import * as muldiv from '../instructions/muldiv.js';
import * as shift from '../instructions/shift.js';
import * as system from '../instructions/system.js';
import type { Handler } from '../cpu/op.js';
import { any, row, sized } from './opcodes.js';
import type { Entry, Forms, RowOptions } from './opcodes.js';

const END: RowOptions = { ends: true };
const LOCK: RowOptions = { lock: true };

function family(module: unknown, name: string, r: string, m: string): Forms {
  const handlers = module as Record<string, Handler>;
  return {
    r8: handlers[`${name}8_${r}`],
    m8: handlers[`${name}8_${m}`],
    r16: handlers[`${name}16_${r}`],
    m16: handlers[`${name}16_${m}`],
    r32: handlers[`${name}32_${r}`],
    m32: handlers[`${name}32_${m}`],
  };
}

export const twoByte: Entry[] = new Array<Entry>(256).fill(null);

const systemWord = (name: string, imm: number): Entry =>
  row(
    name,
    'Ev!',
    {
      r16: tables.store_system_r16,
      r32: tables.store_system_r32,
      m16: tables.store_system_m,
      m32: tables.store_system_m,
    },
    { imm, width: 2 },
  );

twoByte[0x00] = [
  systemWord('sldt', 0),
  systemWord('str', 1),
  row(
    'lldt',
    'Ew',
    { r16: tables.load_system_r, m16: tables.load_system_m },
    { imm: 0, ends: true },
  ),
  row(
    'ltr',
    'Ew',
    { r16: tables.load_system_r, m16: tables.load_system_m },
    { imm: 1, ends: true },
  ),
  row('verr', 'Ew', { r16: tables.verr_r, m16: tables.verr_m }),
  row('verw', 'Ew', { r16: tables.verw_r, m16: tables.verw_m }),
  null,
  null,
] as Entry;
twoByte[0x01] = [
  row('sgdt', 'M!', { m16: tables.sgdt, m32: tables.sgdt }, { width: 6 }),
  row('sidt', 'M!', { m16: tables.sidt, m32: tables.sidt }, { width: 6 }),
  row('lgdt', 'M', { m16: tables.lgdt16, m32: tables.lgdt32 }, { width: 6 }),
  row('lidt', 'M', { m16: tables.lidt16, m32: tables.lidt32 }, { width: 6 }),
  systemWord('smsw', 2),
  null,
  row('lmsw', 'Ew', { r16: controlRegisters.lmsw_r, m16: controlRegisters.lmsw_m }, END),
  row('invlpg', 'M', { m16: controlRegisters.invlpg, m32: controlRegisters.invlpg }, END),
] as Entry;
twoByte[0x02] = row('lar', 'Gv,Ew', family(tables, 'lar', 'rr', 'rm'));
twoByte[0x03] = row('lsl', 'Gv,Ew', family(tables, 'lsl', 'rr', 'rm'));
twoByte[0x06] = row('clts', '', any(controlRegisters.clts));
twoByte[0x08] = row('invd', '', any(controlRegisters.cache_control));
twoByte[0x09] = row('wbinvd', '', any(controlRegisters.cache_control));
twoByte[0x0b] = row('ud2', '', any(system.ud), END);
// Prefetches and hints are no-operations on every processor since the Pentium Pro; 0F 0D with a
// register is not, on AMD's.
twoByte[0x0d] = row('prefetch', 'Mv', any(mov.nop));
for (let code = 0x18; code <= 0x1f; code++) twoByte[code] = row('nop', 'Ev', any(mov.nop));

twoByte[0x20] = row('mov', 'Rd,C', any(controlRegisters.mov_r_cr));
twoByte[0x21] = row('mov', 'Rd,D', any(controlRegisters.mov_r_dr));
twoByte[0x22] = row('mov', 'C,Rd', any(controlRegisters.mov_cr_r), END);
twoByte[0x23] = row('mov', 'D,Rd', any(controlRegisters.mov_dr_r), END);

twoByte[0x30] = row('wrmsr', '', any(msr.wrmsr), END);
twoByte[0x31] = row('rdtsc', '', any(msr.rdtsc));
twoByte[0x32] = row('rdmsr', '', any(msr.rdmsr), END);
twoByte[0x33] = row('rdpmc', '', any(msr.rdpmc), END);
twoByte[0x34] = row('sysenter', '', any(msr.sysenter), END);
twoByte[0x35] = row('sysexit', '', any(msr.sysexit), END);

for (let code = 0; code < 16; code++) {
  twoByte[0x40 + code] = row('cmovcc', 'Gv,Ev', family(mov, 'cmov', 'rr', 'rm'), { imm: code });
  twoByte[0x80 + code] = row('jcc', 'Jv', any(control.jcc[code]), END);
  twoByte[0x90 + code] = row('setcc', 'Eb!', { r8: mov.setcc_r, m8: mov.setcc_m }, { imm: code });
}

for (const [opcode, seg] of [
  [0xa0, 4],
  [0xa8, 5],
] as const) {
  twoByte[opcode] = row('push', 'v', sized(far.push16_sreg, far.push32_sreg), { imm: seg });
  twoByte[opcode + 1] = row('pop', 'v', sized(far.pop16_sreg, far.pop32_sreg), {
    imm: seg,
    ends: true,
  });
}
twoByte[0xa2] = row('cpuid', '', any(system.cpuid));
twoByte[0xa3] = row('bt', 'Ev,Gv', family(bit, 'bt', 'rr', 'mr'));
twoByte[0xa4] = row('shld', 'Ev!,Gv,Ib', family(shift, 'shld', 'ri', 'mi'));
twoByte[0xa5] = row('shld', 'Ev!,Gv', family(shift, 'shld', 'rc', 'mc'));
twoByte[0xab] = row('bts', 'Ev!,Gv', family(bit, 'bts', 'rr', 'mr'), LOCK);
twoByte[0xac] = row('shrd', 'Ev!,Gv,Ib', family(shift, 'shrd', 'ri', 'mi'));
twoByte[0xad] = row('shrd', 'Ev!,Gv', family(shift, 'shrd', 'rc', 'mc'));
twoByte[0xaf] = row('imul', 'Gv,Ev', family(muldiv, 'imul', 'rr', 'rm'));

twoByte[0xb0] = row('cmpxchg', 'Eb!,Gb', family(atomic, 'cmpxchg', 'rr', 'mr'), LOCK);
twoByte[0xb1] = row('cmpxchg', 'Ev!,Gv', family(atomic, 'cmpxchg', 'rr', 'mr'), LOCK);
for (const [opcode, name, seg] of [
  [0xb2, 'lss', 2],
  [0xb4, 'lfs', 4],
  [0xb5, 'lgs', 5],
] as const) {
  twoByte[opcode] = row(name, 'Gv,M', sized(far.lxs16, far.lxs32), { ends: true, imm: seg });
}
twoByte[0xb3] = row('btr', 'Ev!,Gv', family(bit, 'btr', 'rr', 'mr'), LOCK);
twoByte[0xb6] = row('movzx', 'Gv,Eb', {
  r16: mov.movzx16_8_rr,
  m16: mov.movzx16_8_rm,
  r32: mov.movzx32_8_rr,
  m32: mov.movzx32_8_rm,
});
twoByte[0xb7] = row('movzx', 'Gv,Ew', {
  r16: mov.movzx16_16_rr,
  m16: mov.movzx16_16_rm,
  r32: mov.movzx32_16_rr,
  m32: mov.movzx32_16_rm,
});
twoByte[0xb9] = row('ud1', 'Gv,Ev', any(system.ud), END);
twoByte[0xba] = [
  null,
  null,
  null,
  null,
  row('bt', 'Ev,Ib', family(bit, 'bt', 'ri', 'mi')),
  row('bts', 'Ev!,Ib', family(bit, 'bts', 'ri', 'mi'), LOCK),
  row('btr', 'Ev!,Ib', family(bit, 'btr', 'ri', 'mi'), LOCK),
  row('btc', 'Ev!,Ib', family(bit, 'btc', 'ri', 'mi'), LOCK),
];
twoByte[0xbb] = row('btc', 'Ev!,Gv', family(bit, 'btc', 'rr', 'mr'), LOCK);
twoByte[0xbc] = row('bsf', 'Gv,Ev', family(bit, 'bsf', 'rr', 'rm'));
twoByte[0xbd] = row('bsr', 'Gv,Ev', family(bit, 'bsr', 'rr', 'rm'));
twoByte[0xbe] = row('movsx', 'Gv,Eb', {
  r16: mov.movsx16_8_rr,
  m16: mov.movsx16_8_rm,
  r32: mov.movsx32_8_rr,
  m32: mov.movsx32_8_rm,
});
twoByte[0xbf] = row('movsx', 'Gv,Ew', {
  r16: mov.movsx16_16_rr,
  m16: mov.movsx16_16_rm,
  r32: mov.movsx32_16_rr,
  m32: mov.movsx32_16_rm,
});

twoByte[0xc0] = row('xadd', 'Eb!,Gb', family(atomic, 'xadd', 'rr', 'mr'), LOCK);
twoByte[0xc1] = row('xadd', 'Ev!,Gv', family(atomic, 'xadd', 'rr', 'mr'), LOCK);
twoByte[0xc7] = [
  null,
  row(
    'cmpxchg8b',
    'M!',
    { m16: atomic.cmpxchg8b, m32: atomic.cmpxchg8b },
    { lock: true, width: 8 },
  ),
  null,
  null,
  null,
  null,
  null,
  null,
];
for (let r = 0; r < 8; r++) twoByte[0xc8 + r] = row('bswap', 'Zv', sized(mov.bswap16, mov.bswap32));
twoByte[0xff] = row('ud0', 'Gv,Ev', any(system.ud), END);
