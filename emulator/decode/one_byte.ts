// Opcodes of one byte, and the groups among them.

import * as alu16 from '../instructions/alu16.js';
import * as alu32 from '../instructions/alu32.js';
import * as alu8 from '../instructions/alu8.js';
import * as bcd from '../instructions/bcd.js';
import * as control from '../instructions/control.js';
import * as tables from '../instructions/descriptor_tables.js';
import * as far from '../instructions/far.js';
import * as io from '../instructions/io.js';
import * as mov from '../instructions/mov.js';
import * as muldiv from '../instructions/muldiv.js';
import * as shift from '../instructions/shift.js';
import * as stack from '../instructions/stack.js';
import * as string from '../instructions/string.js';
import * as system from '../instructions/system.js';
import type { Handler } from '../cpu/op.js';
import { any, row, sized } from './opcodes.js';
import type { Entry, Forms, Row, RowOptions } from './opcodes.js';

const END: RowOptions = { ends: true };
const LOCK: RowOptions = { lock: true };
const STRING: RowOptions = { repeats: true };
const STRING_IO: RowOptions = { repeats: true, ends: true };

type Module = Record<string, Handler>;
const by8 = alu8 as unknown as Module;
const by16 = alu16 as unknown as Module;
const by32 = alu32 as unknown as Module;

/** Forms of ALU instruction `name`: register shape `r`, memory shape `m`, as in rr and mr. */
function alu(name: string, r: string, m: string): Forms {
  return {
    r8: by8[`${name}8_${r}`],
    m8: by8[`${name}8_${m}`],
    r16: by16[`${name}16_${r}`],
    m16: by16[`${name}16_${m}`],
    r32: by32[`${name}32_${r}`],
    m32: by32[`${name}32_${m}`],
  };
}

/** Forms of a family module whose names are like shl32_rc. */
function family(module: unknown, name: string, r: string, m: string): Forms {
  const handlers = module as Module;
  return {
    r8: handlers[`${name}8_${r}`],
    m8: handlers[`${name}8_${m}`],
    r16: handlers[`${name}16_${r}`],
    m16: handlers[`${name}16_${m}`],
    r32: handlers[`${name}32_${r}`],
    m32: handlers[`${name}32_${m}`],
  };
}

export const oneByte: Entry[] = new Array<Entry>(256).fill(null);

const ALU = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'];

ALU.forEach((name, n) => {
  const base = n * 8;
  const write = name === 'cmp' ? '' : '!';
  const lock = name === 'cmp' ? {} : LOCK;
  oneByte[base] = row(name, `Eb${write},Gb`, alu(name, 'rr', 'mr'), lock);
  oneByte[base + 1] = row(name, `Ev${write},Gv`, alu(name, 'rr', 'mr'), lock);
  oneByte[base + 2] = row(name, 'Gb,Eb', alu(name, 'rr', 'rm'));
  oneByte[base + 3] = row(name, 'Gv,Ev', alu(name, 'rr', 'rm'));
  oneByte[base + 4] = row(name, 'Ab,Ib', alu(name, 'ri', 'mi'));
  oneByte[base + 5] = row(name, 'Av,Iv', alu(name, 'ri', 'mi'));
});

const group1 = (e: string, i: string): Row[] =>
  ALU.map((name) =>
    row(
      name,
      `${e}${name === 'cmp' ? '' : '!'},${i}`,
      alu(name, 'ri', 'mi'),
      name === 'cmp' ? {} : LOCK,
    ),
  );
oneByte[0x80] = group1('Eb', 'Ib');
oneByte[0x81] = group1('Ev', 'Iv');
oneByte[0x82] = group1('Eb', 'Ib');
oneByte[0x83] = group1('Ev', 'Is');

// push and pop of ES, CS, SS, DS
for (const [opcode, seg] of [
  [0x06, 0],
  [0x0e, 1],
  [0x16, 2],
  [0x1e, 3],
] as const) {
  oneByte[opcode] = row('push', 'v', sized(far.push16_sreg, far.push32_sreg), { imm: seg });
  if (seg !== 1)
    oneByte[opcode + 1] = row('pop', 'v', sized(far.pop16_sreg, far.pop32_sreg), {
      imm: seg,
      ends: true,
    });
}

oneByte[0x27] = row('daa', '', any(bcd.daa));
oneByte[0x2f] = row('das', '', any(bcd.das));
oneByte[0x37] = row('aaa', '', any(bcd.aaa));
oneByte[0x3f] = row('aas', '', any(bcd.aas));

for (let r = 0; r < 8; r++) {
  oneByte[0x40 + r] = row('inc', 'Zv', alu('inc', 'r', 'm'));
  oneByte[0x48 + r] = row('dec', 'Zv', alu('dec', 'r', 'm'));
  oneByte[0x50 + r] = row('push', 'Zv', sized(stack.push16_r, stack.push32_r));
  oneByte[0x58 + r] = row('pop', 'Zv', sized(stack.pop16_r, stack.pop32_r));
  oneByte[0x90 + r] = row('xchg', 'Zv,Av', sized(mov.xchg16_rr, mov.xchg32_rr));
  oneByte[0xb0 + r] = row('mov', 'Zb,Ib', { r8: mov.mov8_ri });
  oneByte[0xb8 + r] = row('mov', 'Zv,Iv', sized(mov.mov16_ri, mov.mov32_ri));
}
oneByte[0x90] = row('nop', '', any(mov.nop));

oneByte[0x60] = row('pusha', 'v', sized(stack.pusha16, stack.pusha32));
oneByte[0x61] = row('popa', 'v', sized(stack.popa16, stack.popa32));
oneByte[0x62] = row('bound', 'Gv,Mv', sized(system.bound16, system.bound32));
oneByte[0x63] = row('arpl', 'Ew,Gw', { r16: tables.arpl_r, m16: tables.arpl_m });
oneByte[0x68] = row('push', 'Iv', sized(stack.push16_i, stack.push32_i));
oneByte[0x69] = row('imul', 'Gv,Ev,Iv', family(muldiv, 'imul', 'rri', 'rmi'));
oneByte[0x6a] = row('push', 'Is', sized(stack.push16_i, stack.push32_i));
oneByte[0x6b] = row('imul', 'Gv,Ev,Is', family(muldiv, 'imul', 'rri', 'rmi'));
oneByte[0x6c] = row('ins', 'b', { r8: io.ins8 }, STRING_IO);
oneByte[0x6d] = row('ins', 'v', sized(io.ins16, io.ins32), STRING_IO);
oneByte[0x6e] = row('outs', 'b', { r8: io.outs8 }, STRING_IO);
oneByte[0x6f] = row('outs', 'v', sized(io.outs16, io.outs32), STRING_IO);

control.jcc.forEach((x, code) => {
  oneByte[0x70 + code] = row('jcc', 'Jb', any(x), END);
});

oneByte[0x84] = row('test', 'Eb,Gb', alu('test', 'rr', 'mr'));
oneByte[0x85] = row('test', 'Ev,Gv', alu('test', 'rr', 'mr'));
oneByte[0x86] = row('xchg', 'Eb!,Gb', family(mov, 'xchg', 'rr', 'mr'), LOCK);
oneByte[0x87] = row('xchg', 'Ev!,Gv', family(mov, 'xchg', 'rr', 'mr'), LOCK);
oneByte[0x88] = row('mov', 'Eb!,Gb', family(mov, 'mov', 'rr', 'mr'));
oneByte[0x89] = row('mov', 'Ev!,Gv', family(mov, 'mov', 'rr', 'mr'));
oneByte[0x8a] = row('mov', 'Gb,Eb', family(mov, 'mov', 'rr', 'rm'));
oneByte[0x8b] = row('mov', 'Gv,Ev', family(mov, 'mov', 'rr', 'rm'));
oneByte[0x8c] = row(
  'mov',
  'Ev!,S',
  {
    r16: far.mov16_r_sreg,
    r32: far.mov32_r_sreg,
    m16: far.mov_m_sreg,
    m32: far.mov_m_sreg,
  },
  { width: 2 },
);
oneByte[0x8d] = row('lea', 'Gv,Mv', sized(mov.lea16, mov.lea32));
oneByte[0x8e] = row('mov', 'S,Ew', { r16: far.mov_sreg_r, m16: far.mov_sreg_m }, END);
oneByte[0x8f] = [
  row('pop', 'Ev!', family(stack, 'pop', 'r', 'm')),
  null,
  null,
  null,
  null,
  null,
  null,
  null,
];

oneByte[0x98] = row('cbw', 'v', sized(mov.cbw, mov.cwde));
oneByte[0x99] = row('cwd', 'v', sized(mov.cwd, mov.cdq));
oneByte[0x9a] = row('callf', 'P', sized(far.callf16, far.callf32), END);
oneByte[0x9c] = row('pushf', 'v', sized(stack.pushf16, stack.pushf32));
oneByte[0x9d] = row('popf', 'v', sized(stack.popf16, stack.popf32), END);
oneByte[0x9e] = row('sahf', '', any(system.sahf));
oneByte[0x9f] = row('lahf', '', any(system.lahf));

oneByte[0xa0] = row('mov', 'Ab,Ob', { r8: mov.mov8_rm });
oneByte[0xa1] = row('mov', 'Av,Ov', sized(mov.mov16_rm, mov.mov32_rm));
oneByte[0xa2] = row('mov', 'Ob!,Ab', { r8: mov.mov8_mr });
oneByte[0xa3] = row('mov', 'Ov!,Av', sized(mov.mov16_mr, mov.mov32_mr));
oneByte[0xa4] = row('movs', 'b', { r8: string.movs8 }, STRING);
oneByte[0xa5] = row('movs', 'v', sized(string.movs16, string.movs32), STRING);
oneByte[0xa6] = row('cmps', 'b', { r8: string.cmps8 }, STRING);
oneByte[0xa7] = row('cmps', 'v', sized(string.cmps16, string.cmps32), STRING);
oneByte[0xa8] = row('test', 'Ab,Ib', alu('test', 'ri', 'mi'));
oneByte[0xa9] = row('test', 'Av,Iv', alu('test', 'ri', 'mi'));
oneByte[0xaa] = row('stos', 'b', { r8: string.stos8 }, STRING);
oneByte[0xab] = row('stos', 'v', sized(string.stos16, string.stos32), STRING);
oneByte[0xac] = row('lods', 'b', { r8: string.lods8 }, STRING);
oneByte[0xad] = row('lods', 'v', sized(string.lods16, string.lods32), STRING);
oneByte[0xae] = row('scas', 'b', { r8: string.scas8 }, STRING);
oneByte[0xaf] = row('scas', 'v', sized(string.scas16, string.scas32), STRING);

const SHIFTS = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'shl', 'sar'];
const group2 = (operands: string, r: string, m: string, imm?: number): Row[] =>
  SHIFTS.map((name) =>
    row(name, operands, family(shift, name, r, m), imm === undefined ? {} : { imm }),
  );
oneByte[0xc0] = group2('Eb!,Ib', 'ri', 'mi');
oneByte[0xc1] = group2('Ev!,Ib', 'ri', 'mi');
oneByte[0xd0] = group2('Eb!', 'ri', 'mi', 1);
oneByte[0xd1] = group2('Ev!', 'ri', 'mi', 1);
oneByte[0xd2] = group2('Eb!', 'rc', 'mc');
oneByte[0xd3] = group2('Ev!', 'rc', 'mc');

oneByte[0xc2] = row('ret', 'Iw', sized(control.ret16_i, control.ret32_i), END);
oneByte[0xc3] = row('ret', 'v', sized(control.ret16, control.ret32), END);
oneByte[0xc4] = row('les', 'Gv,M', sized(far.lxs16, far.lxs32), { ends: true, imm: 0 });
oneByte[0xc5] = row('lds', 'Gv,M', sized(far.lxs16, far.lxs32), { ends: true, imm: 3 });
const movImmediate = (e: string, i: string): (Row | null)[] => [
  row('mov', `${e}!,${i}`, family(mov, 'mov', 'ri', 'mi')),
  null,
  null,
  null,
  null,
  null,
  null,
  null,
];
oneByte[0xc6] = movImmediate('Eb', 'Ib');
oneByte[0xc7] = movImmediate('Ev', 'Iv');
oneByte[0xc8] = row('enter', 'IwIb', sized(stack.enter16, stack.enter32));
oneByte[0xc9] = row('leave', 'v', sized(stack.leave16, stack.leave32));
oneByte[0xca] = row('retf', 'Iw', sized(far.retf16_i, far.retf32_i), END);
oneByte[0xcb] = row('retf', 'v', sized(far.retf16, far.retf32), END);
oneByte[0xcc] = row('int3', '', any(system.int3), END);
oneByte[0xcd] = row('int', 'Ib', any(system.int_n), END);
oneByte[0xce] = row('into', '', any(system.into), END);
oneByte[0xcf] = row('iret', 'v', sized(far.iret16, far.iret32), END);

oneByte[0xd4] = row('aam', 'Ib', any(bcd.aam));
oneByte[0xd5] = row('aad', 'Ib', any(bcd.aad));
oneByte[0xd6] = row('salc', '', any(system.salc));
oneByte[0xd7] = row('xlat', 'X', any(mov.xlat));

// The loops choose their counter by address size: see the decoder.
oneByte[0xe0] = row('loopne', 'Jb', sized(control.loopnz16, control.loopnz32), END);
oneByte[0xe1] = row('loope', 'Jb', sized(control.loopz16, control.loopz32), END);
oneByte[0xe2] = row('loop', 'Jb', sized(control.loop16, control.loop32), END);
oneByte[0xe3] = row('jecxz', 'Jb', sized(control.jcxz, control.jecxz), END);

oneByte[0xe4] = row('in', 'b,Ib', any(io.in_i), END);
oneByte[0xe5] = row('in', 'v,Ib', any(io.in_i), END);
oneByte[0xe6] = row('out', 'b,Ib', any(io.out_i), END);
oneByte[0xe7] = row('out', 'v,Ib', any(io.out_i), END);
oneByte[0xec] = row('in', 'b', any(io.in_dx), END);
oneByte[0xed] = row('in', 'v', any(io.in_dx), END);
oneByte[0xee] = row('out', 'b', any(io.out_dx), END);
oneByte[0xef] = row('out', 'v', any(io.out_dx), END);

oneByte[0xe8] = row('call', 'Jv', sized(control.call16, control.call32), END);
oneByte[0xe9] = row('jmp', 'Jv', any(control.jmp), END);
oneByte[0xea] = row('jmpf', 'P', any(far.jmpf), END);
oneByte[0xeb] = row('jmp', 'Jb', any(control.jmp), END);

oneByte[0xf1] = row('int1', '', any(system.int1), END);
oneByte[0xf4] = row('hlt', '', any(system.hlt), END);
oneByte[0xf5] = row('cmc', '', any(system.cmc));
oneByte[0xf8] = row('clc', '', any(system.clc));
oneByte[0xf9] = row('stc', '', any(system.stc));
oneByte[0xfa] = row('cli', '', any(system.cli));
oneByte[0xfb] = row('sti', '', any(system.sti), END);
oneByte[0xfc] = row('cld', '', any(system.cld));
oneByte[0xfd] = row('std', '', any(system.std));

const group3 = (e: string, i: string): Row[] => [
  row('test', `${e},${i}`, alu('test', 'ri', 'mi')),
  row('test', `${e},${i}`, alu('test', 'ri', 'mi')),
  row('not', `${e}!`, alu('not', 'r', 'm'), LOCK),
  row('neg', `${e}!`, alu('neg', 'r', 'm'), LOCK),
  row('mul', e, family(muldiv, 'mul', 'r', 'm')),
  row('imul', e, family(muldiv, 'imul', 'r', 'm')),
  row('div', e, family(muldiv, 'div', 'r', 'm')),
  row('idiv', e, family(muldiv, 'idiv', 'r', 'm')),
];
oneByte[0xf6] = group3('Eb', 'Ib');
oneByte[0xf7] = group3('Ev', 'Iv');

const incDec = (e: string): Row[] => [
  row('inc', `${e}!`, alu('inc', 'r', 'm'), LOCK),
  row('dec', `${e}!`, alu('dec', 'r', 'm'), LOCK),
];
oneByte[0xfe] = [...incDec('Eb'), null, null, null, null, null, null];
oneByte[0xff] = [
  ...incDec('Ev'),
  row('call', 'Ev', family(control, 'call', 'r', 'm'), END),
  row('callf', 'M', { m16: far.callf16_m, m32: far.callf32_m }, END),
  row('jmp', 'Ev', family(control, 'jmp', 'r', 'm'), END),
  row('jmpf', 'M', { m16: far.jmpf16_m, m32: far.jmpf32_m }, END),
  row('push', 'Ev', family(stack, 'push', 'r', 'm')),
  null,
];
