// show reserv: frames of 4 MB that objects take their pages from (vm_reserv.c).

import type { Kernel } from '../sys/kernel.js';
import { hex } from './db_names.js';

/** A reservation in use. */
export interface db_reservation {
  phys_addr: number;
  object: number;
  /** Index in the object of its first page. */
  pindex: number;
  /** Pages that are taken, of 1024. */
  popcnt: number;
  /** On the queue of partially populated ones, from which memory is reclaimed. */
  inpartpopq: boolean;
}

/** show reserv. */
export interface db_reserv {
  /** Frames of 4 MB that could be reserved. */
  frames: number;
  full: number;
  partial: number;
  reservations: db_reservation[];
}

const FULL = 1024;

export function db_show_reserv(k: Kernel): db_reserv {
  const { array } = k.vm.reserv;
  const reservations: db_reservation[] = [];
  let frames = 0;
  for (const rv of array) {
    if (!rv) continue;
    frames++;
    if (rv.object === null) continue;
    const { first, object, pindex, popcnt, inpartpopq } = rv;
    reservations.push({ phys_addr: first * 4096, object: object.id, pindex, popcnt, inpartpopq });
  }
  const full = reservations.filter(({ popcnt }) => popcnt === FULL).length;
  return { frames, full, partial: reservations.length - full, reservations };
}

export function reserv_text(r: db_reserv): string {
  return [
    `${r.frames} frames of 4096K, ${r.full} fully populated, ${r.partial} partially`,
    ...r.reservations.map(
      (rv) =>
        `  phys ${hex(rv.phys_addr)} object #${rv.object}[${hex(rv.pindex)}] popcnt ${rv.popcnt}${rv.inpartpopq ? ' partpopq' : ''}`,
    ),
  ].join('\n');
}
