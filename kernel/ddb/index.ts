// The kernel debugger's commands: each a structure (JSON can hold it) and a text in ddb's manner.
// Reading never changes anything: no accessed bit, no queue, no tree, no allocation.

export { DbError, db_check, db_commands, db_show } from './db_command.js';
export type { db_output } from './db_command.js';
export { db_explain } from './db_explain.js';
export type { access_kind, explained_access, explained_object, explanation } from './db_explain.js';
export { explanation_text } from './db_explain_text.js';
export { db_forecast_fault } from './db_fault.js';
export type { fault_forecast, fault_step, page_source } from './db_fault.js';
export { hex, object_type_name, protection_name, pte_bit_names, pte_text } from './db_names.js';
export { entry_flag_names } from './db_names.js';
export { db_pte_of, db_show_pte, db_show_pv, show_pte_text, show_pv_text } from './db_pmap.js';
export type { db_pte, db_pv, db_pv_list } from './db_pmap.js';
export { db_show_reserv, reserv_text } from './db_reserv.js';
export type { db_reserv, db_reservation } from './db_reserv.js';
export { db_show_swap, swap_text } from './db_swap.js';
export type { db_swap, db_swap_device } from './db_swap.js';
export { db_show_map, db_show_procvm, map_text, procvm_text } from './db_vm_map.js';
export type { db_map, db_map_entry, db_procvm } from './db_vm_map.js';
export { db_show_object, db_show_vmopag, object_pages_text, vmopag_text } from './db_vm_object.js';
export type { db_object, db_object_pages, db_object_runs } from './db_vm_object.js';
export {
  db_show_freepages,
  db_show_page,
  db_show_pageq,
  db_show_pginfo,
  freepages_text,
  page_text,
  pageq_text,
  pginfo_text,
} from './db_vm_page.js';
export type { db_freepages, db_page, db_page_counts, db_pageq } from './db_vm_page.js';
export { db_show_malloc, db_show_uma, malloc_text, uma_text } from './db_zone.js';
export type { db_malloc, db_zone } from './db_zone.js';
