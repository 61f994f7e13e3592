// Constants of the virtual memory system (vm/vm.h, vm/vm_param.h, vm/vm_page.h, vm/vm_map.h,
// vm/vm_object.h), with FreeBSD's values.

export const VM_PROT_NONE = 0;
export const VM_PROT_READ = 1;
export const VM_PROT_WRITE = 2;
export const VM_PROT_EXECUTE = 4;
/** A debugger's write: forces a private copy of a page that is mapped read-only. */
export const VM_PROT_COPY = 8;
export const VM_PROT_ALL = VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE;
export const VM_PROT_DEFAULT = VM_PROT_ALL;

// Results inside the VM system; errno begins at the system call.
export const KERN_SUCCESS = 0;
export const KERN_INVALID_ADDRESS = 1;
export const KERN_PROTECTION_FAILURE = 2;
export const KERN_NO_SPACE = 3;
export const KERN_INVALID_ARGUMENT = 4;
export const KERN_FAILURE = 5;
export const KERN_RESOURCE_SHORTAGE = 6;
export const KERN_NOT_RECEIVER = 7;
export const KERN_NO_ACCESS = 8;
/** A page of a mapped file lies beyond its end: SIGBUS (the later, POSIX behaviour). */
export const KERN_OUT_OF_BOUNDS = 9;

// Object types: index into pagertab.
export const OBJT_DEFAULT = 0;
export const OBJT_SWAP = 1;
export const OBJT_VNODE = 2;
export const OBJT_DEVICE = 3;
export const OBJT_PHYS = 4;
export const OBJT_DEAD = 5;
export const OBJT_SG = 6;
export const OBJT_MGTDEVICE = 7;

export const OBJ_FICTITIOUS = 0x0001;
export const OBJ_UNMANAGED = 0x0002;
export const OBJ_DEAD = 0x0008;
export const OBJ_NOSPLIT = 0x0010;
export const OBJ_PIPWNT = 0x0040;
/** A vnode's object that has had a writable page. */
export const OBJ_MIGHTBEDIRTY = 0x0100;
export const OBJ_TMPFS_NODE = 0x0200;
export const OBJ_TMPFS_DIRTY = 0x0400;
export const OBJ_COLORED = 0x1000;
/** A single mapping that was never forked: unmapping may free pages. */
export const OBJ_ONEMAPPING = 0x2000;
export const OBJ_TMPFS = 0x8000;

// Queues of a page.
export const PQ_INACTIVE = 0;
export const PQ_ACTIVE = 1;
export const PQ_CACHE = 2;
export const PQ_COUNT = 3;
export const PQ_NONE = 255;

export const PG_CACHED = 0x0001;
export const PG_FREE = 0x0002;
export const PG_FICTITIOUS = 0x0004;
export const PG_ZERO = 0x0008;
export const PG_MARKER = 0x0010;
/** A dirty page that the inactive scan has passed over once. */
export const PG_WINATCFLS = 0x0040;
export const PG_UNHOLDFREE = 0x0100;

/** Some PTE of the page may be writable. */
export const PGA_WRITEABLE = 1;
export const PGA_REFERENCED = 2;
export const PGA_EXECUTABLE = 4;

export const VPO_SWAPSLEEP = 2;
export const VPO_UNMANAGED = 4;
export const VPO_SWAPINPROG = 8;
export const VPO_NOSYNC = 0x10;

/** Busy word: shared and exclusive holders. */
export const VPB_UNBUSIED = 1;
export const VPB_EXCLUSIVE = 2;
export const VPB_SHARED_ONE = 8;

export const ACT_DECLINE = 1;
export const ACT_ADVANCE = 3;
export const ACT_INIT = 5;
export const ACT_MAX = 64;

/** Eight bits, one for each 512 bytes of the page. */
export const VM_PAGE_BITS_ALL = 0xff;

// Allocation classes and options.
export const VM_ALLOC_NORMAL = 0;
export const VM_ALLOC_INTERRUPT = 1;
export const VM_ALLOC_SYSTEM = 2;
export const VM_ALLOC_CLASS_MASK = 3;
export const VM_ALLOC_WIRED = 0x0020;
export const VM_ALLOC_ZERO = 0x0040;
export const VM_ALLOC_NOOBJ = 0x0100;
export const VM_ALLOC_NOBUSY = 0x0200;

// Map entry flags.
export const MAP_ENTRY_NOSYNC = 0x0001;
export const MAP_ENTRY_IS_SUB_MAP = 0x0002;
export const MAP_ENTRY_COW = 0x0004;
export const MAP_ENTRY_NEEDS_COPY = 0x0008;
export const MAP_ENTRY_NOFAULT = 0x0010;
export const MAP_ENTRY_USER_WIRED = 0x0020;
export const MAP_ENTRY_BEHAV_NORMAL = 0x0000;
export const MAP_ENTRY_BEHAV_SEQUENTIAL = 0x0040;
export const MAP_ENTRY_BEHAV_RANDOM = 0x0080;
export const MAP_ENTRY_BEHAV_MASK = 0x00c0;
export const MAP_ENTRY_IN_TRANSITION = 0x0100;
export const MAP_ENTRY_NEEDS_WAKEUP = 0x0200;
export const MAP_ENTRY_NOCOREDUMP = 0x0400;
export const MAP_ENTRY_GROWS_DOWN = 0x1000;
export const MAP_ENTRY_GROWS_UP = 0x2000;
export const MAP_ENTRY_WIRE_SKIPPED = 0x4000;
export const MAP_ENTRY_VN_WRITECNT = 0x8000;
export const MAP_ENTRY_GUARD = 0x10000;
export const MAP_ENTRY_STACK_GAP_DN = 0x20000;
export const MAP_ENTRY_STACK_GAP_UP = 0x40000;

export const VM_INHERIT_SHARE = 0;
export const VM_INHERIT_COPY = 1;
export const VM_INHERIT_NONE = 2;
export const VM_INHERIT_ZERO = 3;
export const VM_INHERIT_DEFAULT = VM_INHERIT_COPY;

// Options of vm_map_insert and vm_map_find.
export const MAP_INHERIT_SHARE = 0x0001;
export const MAP_COPY_ON_WRITE = 0x0002;
export const MAP_NOFAULT = 0x0004;
export const MAP_PREFAULT = 0x0008;
export const MAP_PREFAULT_PARTIAL = 0x0010;
export const MAP_DISABLE_SYNCER = 0x0020;
export const MAP_CHECK_EXCL = 0x0040;
export const MAP_CREATE_GUARD = 0x0080;
export const MAP_DISABLE_COREDUMP = 0x0100;
export const MAP_PREFAULT_MADVISE = 0x0200;
export const MAP_VN_WRITECOUNT = 0x0400;
export const MAP_STACK_GROWS_DOWN = 0x1000;
export const MAP_STACK_GROWS_UP = 0x2000;
export const MAP_ACC_CHARGED = 0x4000;
export const MAP_ACC_NO_CHARGE = 0x8000;
export const MAP_CREATE_STACK_GAP_DN = 0x20000;
export const MAP_CREATE_STACK_GAP_UP = 0x40000;

export const VMFS_NO_SPACE = 0;
export const VMFS_ANY_SPACE = 1;
export const VMFS_OPTIMAL_SPACE = 2;
export const VMFS_SUPER_SPACE = 3;

export const VM_FAULT_NORMAL = 0;
export const VM_FAULT_WIRE = 1;
export const VM_FAULT_DIRTY = 2;

export const VM_MAP_WIRE_SYSTEM = 0;
export const VM_MAP_WIRE_USER = 1;
export const VM_MAP_WIRE_NOHOLES = 0;
export const VM_MAP_WIRE_HOLESOK = 2;
export const VM_MAP_WIRE_WRITE = 4;

/** Map flags. */
export const MAP_WIREFUTURE = 1;
export const MAP_BUSY_WAKEUP = 2;

// Read-ahead windows in pages (vm_fault.c).
export const VM_FAULT_READ_MIN = 7;
export const VM_FAULT_READ_INIT = 15;
export const VM_FAULT_READ_MAX = 31;

// Results of pagers.
export const VM_PAGER_OK = 0;
export const VM_PAGER_BAD = 1;
export const VM_PAGER_FAIL = 2;
export const VM_PAGER_PEND = 3;
export const VM_PAGER_ERROR = 4;
export const VM_PAGER_AGAIN = 5;
