// Queues of pages, doubly linked through the pages themselves (sys/queue.h TAILQ).

import type { vm_pagequeue } from './vm_state.js';
import type { vm_page } from './vm_types.js';

export function TAILQ_INSERT_HEAD(q: vm_pagequeue, m: vm_page): void {
  m.q_prev = null;
  m.q_next = q.head;
  if (q.head === null) q.tail = m;
  else q.head.q_prev = m;
  q.head = m;
  q.count++;
}

export function TAILQ_INSERT_TAIL(q: vm_pagequeue, m: vm_page): void {
  m.q_next = null;
  m.q_prev = q.tail;
  if (q.tail === null) q.head = m;
  else q.tail.q_next = m;
  q.tail = m;
  q.count++;
}

export function TAILQ_REMOVE(q: vm_pagequeue, m: vm_page): void {
  if (m.q_prev === null) q.head = m.q_next;
  else m.q_prev.q_next = m.q_next;
  if (m.q_next === null) q.tail = m.q_prev;
  else m.q_next.q_prev = m.q_prev;
  m.q_next = m.q_prev = null;
  q.count--;
}
