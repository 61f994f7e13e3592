// vm.objects, vm.zone_stats, kern.malloc_stats: the lists behind vmstat -o, -z and -m, in the stream
// layouts of FreeBSD 11.0 (sys/user.h, vm/uma.h, sys/malloc.h).

import type { Kernel } from '../sys/kernel.js';
import { VNON } from '../sys/vnode.js';
import { vnode_path } from '../fs/vfs_cache.js';
import { VOP_GETATTR } from '../fs/vnode_if.js';
import { bytes_of } from '../i386/support.js';
import { db_show_malloc, db_show_uma } from '../ddb/db_zone.js';
import { OBJT_DEAD, OBJT_VNODE, PQ_ACTIVE, PQ_INACTIVE } from '../vm/vm_param.js';
import type { vm_object } from '../vm/vm_types.js';
import { set_int64 } from './subr_buf.js';
import { mib_int } from './subr_mib.js';
import type { sysctl_oid } from './subr_mib.js';
import { vm_object_pages } from '../vm/vm_object.js';

/** KVME_TYPE_* by object type. */
export const KVME_TYPE = [1, 3, 2, 4, 5, 6, 7, 8];
const KVME_TYPE_UNKNOWN = 255;

/** offsetof(struct kinfo_vmobject, kvo_path). */
const KVO_PATH = 160;

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** struct kinfo_vmobject, cut after the path. */
function fill_vmobject(k: Kernel, object: vm_object): Uint8Array {
  const { handle } = object;
  const vp = object.type === OBJT_VNODE && handle?.v_type !== VNON ? handle : null;
  const path = vp === null ? '' : vnode_path(vp);
  const bytes = new Uint8Array(Math.ceil((KVO_PATH + path.length + 1) / 8) * 8);
  const view = new DataView(bytes.buffer);
  let active = 0;
  let inactive = 0;
  for (const { queue } of vm_object_pages(object, 0, 0)) {
    if (queue === PQ_ACTIVE) active++;
    else if (queue === PQ_INACTIVE) inactive++;
  }
  view.setInt32(0, bytes.length, true);
  view.setInt32(4, KVME_TYPE[object.type] ?? KVME_TYPE_UNKNOWN, true);
  set_int64(view, 8, object.size);
  if (vp !== null) {
    const { va_fileid, va_fsid } = VOP_GETATTR(k, vp);
    set_int64(view, 16, va_fileid);
    view.setInt32(24, va_fsid, true);
  }
  view.setInt32(28, object.ref_count, true);
  view.setInt32(32, object.shadow_count, true);
  view.setInt32(36, object.memattr, true);
  set_int64(view, 40, object.resident_page_count);
  set_int64(view, 48, active);
  set_int64(view, 56, inactive);
  bytes.set(bytes_of(path), KVO_PATH);
  return bytes;
}

function objects(k: Kernel): Uint8Array {
  const alive = [...k.vm.object_list].filter(({ type }) => type !== OBJT_DEAD);
  return concat(alive.map((object) => fill_vmobject(k, object)));
}

/** struct uma_stream_header and malloc_type_stream_header: version, CPUs, count. */
const stream_header = (count: number): Uint8Array => mib_int(1, 1, count, 0);

const UMA_TYPE_HEADER_SIZE = 120;
const UMA_PERCPU_STAT_SIZE = 64;
const MTH_MAX_NAME = 32;
const MALLOC_TYPE_STATS_SIZE = 64;

/** vm.zone_stats: struct uma_type_header and uma_percpu_stat for each zone. */
function zone_stats(k: Kernel): Uint8Array {
  const zones = db_show_uma(k);
  const rows = zones.map((zone) => {
    const bytes = new Uint8Array(UMA_TYPE_HEADER_SIZE + UMA_PERCPU_STAT_SIZE);
    const view = new DataView(bytes.buffer);
    bytes.set(bytes_of(zone.name), 0);
    const max_pages = zone.limit / zone.ipers;
    const words = [
      ...[3, zone.size, zone.size, max_pages, zone.limit],
      ...[zone.pages, zone.free, 0, 0, 0],
    ];
    words.forEach((word, i) => view.setUint32(MTH_MAX_NAME + 4 * i, word, true));
    set_int64(view, 72, zone.requests);
    set_int64(view, 80, zone.requests - zone.used);
    set_int64(view, 88, zone.failures);
    set_int64(view, 96, zone.sleeps);
    return bytes;
  });
  return concat([stream_header(zones.length), ...rows]);
}

/** kern.malloc_stats: struct malloc_type_header and malloc_type_stats for each type. */
function malloc_stats(k: Kernel): Uint8Array {
  const types = db_show_malloc(k);
  const rows = types.map(({ type, in_use, mem_use, requests }) => {
    const bytes = new Uint8Array(MTH_MAX_NAME + MALLOC_TYPE_STATS_SIZE);
    const view = new DataView(bytes.buffer);
    bytes.set(bytes_of(type), 0);
    set_int64(view, MTH_MAX_NAME, mem_use);
    set_int64(view, MTH_MAX_NAME + 16, requests);
    set_int64(view, MTH_MAX_NAME + 24, requests - in_use);
    // Bit n: an item of 2^(n + 4) bytes was given out; the largest bucket is a page.
    set_int64(view, MTH_MAX_NAME + 32, mem_use > 0 ? 1 << 8 : 0);
    return bytes;
  });
  return concat([stream_header(types.length), ...rows]);
}

export const stats_mib: readonly sysctl_oid[] = [
  { name: 'vm.objects', fmt: 'S,kinfo_vmobject', get: objects },
  { name: 'vm.zone_stats', fmt: 'S,uma_type', get: zone_stats },
  { name: 'vm.zone_count', fmt: 'I', get: (k) => mib_int(db_show_uma(k).length) },
  { name: 'kern.malloc_stats', fmt: 'S,malloc_type_ustats', get: malloc_stats },
  { name: 'kern.malloc_count', fmt: 'I', get: (k) => mib_int(db_show_malloc(k).length) },
];
